import { Counter, type Registry } from 'prom-client';

/** Registers what became of spans (docs/metrics.md); it is read when somebody asks for metrics. */
export const traceMetrics = (
  registry: Registry,
  counts: () => { readonly exported: number; readonly failed: number; readonly dropped: number },
): void => {
  const spans = new Counter({
    name: 'serai_coordinator_trace_spans_total',
    help: 'Spans of traces that were exported, that the endpoint did not take (failed), and that were dropped because too many waited.',
    labelNames: ['outcome'] as const,
    registers: [registry],
    collect: () => {
      spans.reset();
      for (const [outcome, count] of Object.entries(counts())) spans.inc({ outcome }, count);
    },
  });
};
