import { metricsText } from '../../domain/health/metrics.ts';
import { readiness, type Stage } from '../../domain/health/readiness.ts';
import { type HttpServer, openHttpServer, type Page, type Pages } from './httpServer.ts';

export interface HealthOptions {
  /** The stages as they are now. */
  readonly stages: () => readonly Stage[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** What `/status` shows beside the stages, by name. */
  readonly status?: () => Readonly<Record<string, unknown>>;
}

export interface HealthServerOptions extends HealthOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** What Prometheus is answered besides the stages. */
  readonly metrics?: () => Promise<string>;
}

/** Answers on `url` until it is closed. */
export interface HealthServer {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** The server cannot listen where the configuration says. */
export class HttpError extends Error {
  readonly code = 'http.listen';
  readonly exitCode = 6;

  constructor(host: string, port: number, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`the health server cannot listen on ${host}:${String(port)} (${why}); change [http], or end what listens there`, { cause });
    this.name = 'HttpError';
  }
}

/** `GET /status`: every stage, whether all make progress, and what else there is to say. */
export const statusPage =
  ({ stages, now, status }: HealthOptions): Page =>
  () => {
    const all = stages();
    return { body: { ...readiness(all, now()), stages: all, ...status?.() } };
  };

/**
 * Serves `GET /health/live` (200 while the process answers), `/health/ready` (200, or 503 with the stages that stand still, since
 * when and why), `/status` (every stage, and the peers) and `/metrics` (Prometheus' text format).
 */
export const openHealthServer = async ({ host, port, metrics, ...health }: HealthServerOptions): Promise<HealthServer> => {
  const pages: Pages = {
    'GET /health/live': () => ({ body: { live: true } }),
    'GET /health/ready': () => {
      const verdict = readiness(health.stages(), health.now());
      return { status: verdict.ready ? 200 : 503, body: verdict };
    },
    'GET /status': statusPage(health),
    'GET /metrics': async () => ({
      body: `${metricsText(health.stages(), health.now())}${(await metrics?.()) ?? ''}`,
      type: 'text/plain; version=0.0.4; charset=utf-8',
    }),
  };
  const server = await listen(host, port, pages);
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${String(bound)}`, close: server.close };
};

const listen = async (host: string, port: number, pages: Pages): Promise<HttpServer> => {
  try {
    return await openHttpServer({ listen: { host, port }, pages });
  } catch (cause) {
    throw new HttpError(host, port, cause);
  }
};
