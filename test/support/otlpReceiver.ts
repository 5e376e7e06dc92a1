import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

/** What we read of OTLP's JSON (opentelemetry-proto, `ExportTraceServiceRequest`). */
const value = z.object({ stringValue: z.string() }).or(z.object({ intValue: z.number().or(z.string()) }));
const attributes = z.array(z.object({ key: z.string(), value }));
const request = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string().regex(/^[0-9a-f]{32}$/),
              spanId: z.string().regex(/^[0-9a-f]{16}$/),
              parentSpanId: z.string().optional(),
              name: z.string(),
              kind: z.number(),
              startTimeUnixNano: z.string().regex(/^\d+$/),
              endTimeUnixNano: z.string().regex(/^\d+$/),
              attributes,
              status: z.object({ code: z.number(), message: z.string().optional() }).partial(),
            }),
          ),
        }),
      ),
    }),
  ),
});

/** A span as it arrived. */
export interface ReceivedSpan {
  readonly service: string;
  readonly trace: string;
  readonly span: string;
  readonly parent: string | undefined;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
  readonly error: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
}

const textOf = (found: z.infer<typeof attributes>): Record<string, string> =>
  Object.fromEntries(found.map(({ key, value: said }) => [key, String('stringValue' in said ? said.stringValue : said.intValue)]));

/** To the microsecond: more is lost on the way through floating point. */
const millisecondsOf = (nanoseconds: string): number => Math.round(Number(nanoseconds) / 1e3) / 1e3;

const spansIn = (body: string): ReceivedSpan[] =>
  request.parse(JSON.parse(body)).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        service: textOf(resource.attributes)['service.name'] ?? '',
        trace: span.traceId,
        span: span.spanId,
        parent: span.parentSpanId,
        name: span.name,
        start: millisecondsOf(span.startTimeUnixNano),
        end: millisecondsOf(span.endTimeUnixNano),
        error: span.status.code === 2 ? span.status.message : undefined,
        attributes: textOf(span.attributes),
      })),
    ),
  );

/** A receiver of OTLP over HTTP. */
export interface OtlpReceiver {
  readonly url: string;
  readonly spans: ReceivedSpan[];
  /** Of each request. */
  readonly headers: IncomingHttpHeaders[];
  /** Requests that were not what OTLP says. */
  readonly malformed: string[];
  /** What it answers from now on. */
  answer: number;
  readonly close: () => Promise<void>;
}

/** Opens a receiver on loopback. */
export const openOtlpReceiver = async (port = 0): Promise<OtlpReceiver> => {
  const server = createServer((asked, answer) => {
    let body = '';
    asked.setEncoding('utf8');
    asked.on('data', (chunk: string) => {
      body += chunk;
    });
    asked.on('end', () => {
      receiver.headers.push(asked.headers);
      if (receiver.answer === 200)
        try {
          if (asked.method !== 'POST' || asked.url !== '/v1/traces') throw new Error(`${String(asked.method)} ${String(asked.url)}`);
          receiver.spans.push(...spansIn(body));
        } catch (error) {
          receiver.malformed.push(String(error));
        }
      answer.writeHead(receiver.answer, { 'content-type': 'application/json' }).end('{}');
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const receiver: OtlpReceiver = {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    spans: [],
    headers: [],
    malformed: [],
    answer: 200,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
};
