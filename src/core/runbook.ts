/** Families of codes that the runbook has headings for. */
const FAMILIES: ReadonlySet<string> = new Set(
  'batch certificate chain kafka keygen musig peer record sign slash solvency store topic'.split(' '),
);

/** Where the runbook says what to do about a code; undefined for codes that explain themselves. */
export const runbookOf = (code: string): string | undefined =>
  FAMILIES.has(code.split('.')[0] ?? '') ? `docs/runbook.md#${code.replaceAll('.', '')}` : undefined;
