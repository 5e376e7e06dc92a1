import { createServer, type Server, type ServerResponse } from 'node:http';
import { metricsText } from '../../domain/health/metrics.ts';
import { readiness, type Stage } from '../../domain/health/readiness.ts';

export interface HealthServerOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** The stages as they are now. */
  readonly stages: () => readonly Stage[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
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

  constructor(host: string, port: number, cause: Error) {
    super(`the health server cannot listen on ${host}:${String(port)} (${cause.message}); change [http], or end what listens there`, {
      cause,
    });
    this.name = 'HttpError';
  }
}

const answer = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
};

/**
 * Serves `GET /health/live` (200 while the process answers), `/health/ready` (200, or 503 with the stages that stand still, since
 * when and why) and `/status` (every stage) and `/metrics` (the
 * same for Prometheus).
 */
export const openHealthServer = async ({ host, port, stages, now }: HealthServerOptions): Promise<HealthServer> => {
  const pages: Readonly<Record<string, (response: ServerResponse) => void>> = {
    '/health/live': (response) => {
      answer(response, 200, { live: true });
    },
    '/health/ready': (response) => {
      const verdict = readiness(stages(), now());
      answer(response, verdict.ready ? 200 : 503, verdict);
    },
    '/status': (response) => {
      const all = stages();
      answer(response, 200, { ...readiness(all, now()), stages: all });
    },
    '/metrics': (response) => {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4', 'cache-control': 'no-store' });
      response.end(metricsText(stages(), now()));
    },
  };
  const server: Server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000, maxHeaderSize: 8_192 }, (request, response) => {
    const page = pages[new URL(request.url ?? '/', 'http://localhost').pathname];
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(response, 405, { error: 'this server only reads' });
    else if (page === undefined) answer(response, 404, { error: `there is no such page; there are ${Object.keys(pages).join(', ')}` });
    else page(response);
  });
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new HttpError(host, port, cause));
    });
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${String(bound)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
};
