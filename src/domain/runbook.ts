/** Where the runbook says what to do about a code of ours; undefined for what is none. */
export const runbookOf = (code: string): string | undefined =>
  /^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$/.test(code) ? `docs/runbook.md#${code.replaceAll('.', '')}` : undefined;

/** A code as a line of the log carries it: with where the runbook says what to do. */
export const coded = (code: string): { readonly code: string; readonly runbook: string | undefined } => ({
  code,
  runbook: runbookOf(code),
});
