/** What the command line was called as: through npm in a clone, or by the launcher. */
export const CALLED_AS: string = process.env['npm_lifecycle_event'] === undefined ? 'coordinator' : 'npm run -s coordinator --';

/** The end of a help text: calls that a reader can copy, each without what comes before the command. */
export const examples = (...lines: readonly string[]): string =>
  [`\nExample${lines.length === 1 ? '' : 's'}:`, ...lines.map((line) => `  ${CALLED_AS} ${line}`)].join('\n');
