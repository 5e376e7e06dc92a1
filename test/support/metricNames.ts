import { readFileSync } from 'node:fs';
import { collectDefaultMetrics, Registry } from 'prom-client';

/** The metrics of ours, as docs/metrics.md has them; generated.test.ts holds it against the program. */
export const ourMetrics: readonly string[] = [
  ...readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8').matchAll(/^\| `(serai_coordinator_\w+)` \|/gm),
].map(([, name = '']) => name);

/** All that `/metrics` may answer: ours, and those of the process. */
export const knownMetrics = async (): Promise<readonly string[]> => {
  const register = new Registry();
  collectDefaultMetrics({ register });
  return [...ourMetrics, ...(await register.getMetricsAsJSON()).map(({ name }) => name)];
};

/** The metrics that a PromQL expression asks for. */
export const metricsIn = (expression: string): string[] =>
  [...expression.replaceAll(/"[^"]*"/g, '""').matchAll(/\b(?:serai|process|nodejs)_\w+|\bup\b/g)].map(([name]) => name);
