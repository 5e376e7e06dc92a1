import { AggregatorRegistry, collectDefaultMetrics, type MetricObjectWithValues, type MetricValue, Registry } from 'prom-client';

/** Metrics of a thread as they cross to another one. */
export type MetricsTold = readonly MetricObjectWithValues<MetricValue<string>>[];

/** A registry for the modules of one thread or process; whoever counts something registers it there, under a name of its own (docs/health.md). */
export const openMetrics = (): Registry => new Registry();

/** The metrics of a registry, as they can cross to another thread. */
export const tellMetrics = (registry: Registry): Promise<MetricsTold> => registry.getMetricsAsJSON();

/** What Prometheus is answered: the metrics of all threads together, and those of the process. */
export const openExposition = (): ((told: readonly MetricsTold[]) => Promise<string>) => {
  const own = new Registry();
  collectDefaultMetrics({ register: own });
  return async (told) => `${await AggregatorRegistry.aggregate(told.map((one) => [...one])).metrics()}${await own.metrics()}`;
};
