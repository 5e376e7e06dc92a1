import { metricsText } from '../../domain/health/metrics.ts';
import type { Status } from '../../domain/health/status.ts';
import { type HttpServer, openHttpServer, type Page, type Pages } from './httpServer.ts';
import { webPage } from './webPage.ts';

export interface HealthOptions {
  /** What `/status` answers; all that is told is made of it. */
  readonly status: () => Status;
}

export interface HealthServerOptions extends HealthOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Names under which a browser may ask, besides localhost and addresses. */
  readonly names?: readonly string[];
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

/** `GET /status`: all there is to say (docs/status.md). */
export const statusPage =
  ({ status }: HealthOptions): Page =>
  () => ({ body: status() });

/**
 * Serves `GET /health/live` (200 while the process answers), `/health/ready` (200, or 503 with what keeps it from its duty: stages that
 * stand still, since when and why), `/status` (docs/status.md), `/metrics` (Prometheus' text format), and `/`, the page that shows all this to people.
 */
export const openHealthServer = async ({ host, port, names = [], metrics, ...health }: HealthServerOptions): Promise<HealthServer> => {
  const pages: Pages = {
    'GET /health/live': () => ({ body: { live: true } }),
    'GET /health/ready': () => {
      const { ready, stuck, findings } = health.status();
      return { status: ready ? 200 : 503, body: { ready, stuck, findings: findings.filter(({ verdict }) => verdict === 'fail') } };
    },
    'GET /status': statusPage(health),
    ...(await webPage()),
    'GET /metrics': async () => ({
      body: `${metricsText(health.status())}${(await metrics?.()) ?? ''}`,
      type: 'text/plain; version=0.0.4; charset=utf-8',
    }),
  };
  const server = await listen(host, port, pages, [host, ...names]);
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${String(bound)}`, close: server.close };
};

const listen = async (host: string, port: number, pages: Pages, names: readonly string[]): Promise<HttpServer> => {
  try {
    return await openHttpServer({ listen: { host, port }, pages, names });
  } catch (cause) {
    throw new HttpError(host, port, cause);
  }
};
