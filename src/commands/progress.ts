/** Milliseconds between lines. */
const PAUSE = 2_000;

/** Says on standard error how far long work got, not more often than every two seconds. */
export const progress = (): ((line: string) => void) => {
  let told = performance.now();
  return (line) => {
    if (performance.now() - told < PAUSE) return;
    told = performance.now();
    process.stderr.write(`${line}\n`);
  };
};
