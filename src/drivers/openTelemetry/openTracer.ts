import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Span, Tracer } from '../../domain/tracing/span.ts';

/** Spans that wait to be exported at most; what comes while so many wait is dropped. */
const QUEUE = 4_096;

/** Spans of one request at most. */
const BATCH = 512;

/** Milliseconds between two exports, unless a batch is full before. */
const EVERY = 1_000;

/** Milliseconds that an export may take, retries included. */
const DEADLINE = 10_000;

/** Milliseconds that what waits may take to be exported at the end. */
const FAREWELL = 2_000;

const KINDS: Readonly<Record<Span['kind'], SpanKind>> = {
  internal: SpanKind.INTERNAL,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  client: SpanKind.CLIENT,
};

/** What became of the spans that were told. */
export interface SpanCounts {
  readonly exported: number;
  /** The endpoint did not take them. */
  readonly failed: number;
  /** Too many waited already. */
  readonly dropped: number;
}

export interface TracerOptions {
  /** Where OTLP over HTTP is spoken; `/v1/traces` is added where it has no path. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly ratio: number;
  /** Names the deployment. */
  readonly name: string;
  readonly version: string;
  /** Hears when exports begin to fail, with the reason, and when they succeed again. */
  readonly changed: (failing: string | undefined) => void;
}

/** A tracer that exports. */
export interface OpenTracer extends Tracer {
  readonly counts: () => SpanCounts;
  /** Exports what waits, for two seconds at most. */
  readonly close: () => Promise<void>;
}

/** The address of traces at an endpoint. */
const addressOf = (endpoint: string): string => {
  const url = new URL(endpoint);
  if (url.pathname === '/') url.pathname = '/v1/traces';
  return url.href;
};

/**
 * Exports spans by OTLP over HTTP (JSON) in the background: a bounded queue, batches, a deadline for each. Whether the endpoint is there makes no
 * difference to who tells of spans.
 */
export const openTracer = ({ endpoint, headers, ratio, name, version, changed }: TracerOptions): OpenTracer => {
  const counts = { exported: 0, failed: 0, dropped: 0 };
  let waiting = 0;
  let failing = false;
  const otlp = new OTLPTraceExporter({ url: addressOf(endpoint), headers: { ...headers }, timeoutMillis: DEADLINE });

  /** Counts what becomes of spans on their way to the exporter. */
  const exporter: SpanExporter = {
    export: (spans, done) => {
      otlp.export(spans, (result) => {
        waiting -= spans.length;
        const failed = result.error !== undefined;
        counts[failed ? 'failed' : 'exported'] += spans.length;
        if (failed !== failing) changed(failed ? (result.error?.message ?? 'the endpoint does not take them') : undefined);
        failing = failed;
        done(result);
      });
    },
    shutdown: () => otlp.shutdown(),
  };

  // Ids are the span's own: the library asks for them while it makes it.
  let own: Span | undefined;
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': `${name}-coordinator`,
      'service.namespace': 'serai',
      'service.version': version,
    }),
    idGenerator: { generateTraceId: () => own?.trace ?? '', generateSpanId: () => own?.span ?? '' },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: QUEUE,
        maxExportBatchSize: BATCH,
        scheduledDelayMillis: EVERY,
        exportTimeoutMillis: DEADLINE + EVERY,
      }),
    ],
  });
  const tracer = provider.getTracer('serai-coordinator', version);

  const make = (span: Span): void => {
    own = span;
    const context =
      span.parent === undefined
        ? ROOT_CONTEXT
        : trace.setSpanContext(ROOT_CONTEXT, { traceId: span.trace, spanId: span.parent, traceFlags: TraceFlags.SAMPLED, isRemote: true });
    const made = tracer.startSpan(
      span.name,
      { kind: KINDS[span.kind], attributes: { ...span.attributes }, startTime: span.start },
      context,
    );
    if (span.error !== undefined) made.setStatus({ code: SpanStatusCode.ERROR, message: span.error });
    made.end(span.end);
  };

  return {
    ratio,
    now: () => performance.timeOrigin + performance.now(),
    tell: (span) => {
      if (waiting >= QUEUE) {
        counts.dropped += 1;
        return;
      }
      waiting += 1;
      make(span);
    },
    counts: () => ({ ...counts }),
    close: async () => {
      const late = new Promise<void>((resolve) => {
        setTimeout(resolve, FAREWELL).unref();
      });
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
    },
  };
};
