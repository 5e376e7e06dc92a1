import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { ListenOptions } from 'node:net';
import { foreignRequest } from './foreignRequest.ts';

/** What a page answers: JSON, unless it says otherwise. */
export interface Answer {
  /** 200 where not given. */
  readonly status?: number;
  readonly body: unknown;
  /** The content type of a body that is text already. */
  readonly type?: string;
}

/** A page: `asked` is the JSON that was sent with a POST, undefined without. */
export type Page = (asked: unknown) => Answer | Promise<Answer>;

/** Pages by method and path, as in `GET /peers`. */
export type Pages = Readonly<Record<string, Page>>;

export interface HttpServerOptions {
  readonly listen: ListenOptions;
  readonly pages: Pages;
  /** Names under which a browser may ask, besides localhost and addresses; without it, as on a Unix socket, no browser can. */
  readonly names?: readonly string[];
}

/** A server that listens until it is closed. */
export interface HttpServer {
  readonly address: () => ReturnType<ReturnType<typeof createServer>['address']>;
  readonly close: () => Promise<void>;
}

/** What is sent with a request at most, in bytes. */
const BODY_LIMIT = 64 * 1024;

class RequestError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'RequestError';
    this.status = status;
  }
}

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_LIMIT) throw new RequestError(413, `a request has at most ${String(BODY_LIMIT)} bytes`);
    chunks.push(chunk);
  }
  if (length === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new RequestError(400, 'what was sent is not JSON');
  }
};

const answerOf = async ({ pages, names }: HttpServerOptions, request: IncomingMessage): Promise<Answer> => {
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const foreign = names === undefined ? undefined : foreignRequest({ method, path: pathname, headers: request.headers }, names);
  if (foreign !== undefined) throw new RequestError(foreign.status, foreign.why);
  const page = Object.hasOwn(pages, `${method} ${pathname}`) ? pages[`${method} ${pathname}`] : undefined;
  if (page !== undefined) return page(method === 'POST' ? await bodyOf(request) : undefined);
  const known = Object.keys(pages);
  if (known.some((name) => name.endsWith(` ${pathname}`))) throw new RequestError(405, `${pathname} is not there for ${method}`);
  if (!known.some((name) => name.startsWith(`${method} `))) throw new RequestError(405, 'this server only reads');
  throw new RequestError(404, `there is no such page; there are ${known.join(', ')}`);
};

/** What a browser may do with an answer: load what comes from here, and nothing else; not show it in a frame, keep it, or take it for another type. */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

const write = (response: ServerResponse, { status = 200, body, type }: Answer): void => {
  response.writeHead(status, { ...HEADERS, 'content-type': type ?? 'application/json' });
  response.end(type === undefined ? `${JSON.stringify(body)}\n` : String(body));
};

/** Serves pages over HTTP, on a port or on a Unix socket; rejects with the error of the system where it cannot listen. */
export const openHttpServer = async (options: HttpServerOptions): Promise<HttpServer> => {
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000, maxHeaderSize: 8_192 }, (request, response) => {
    answerOf(options, request)
      .catch((error: unknown): Answer => {
        const status = error instanceof RequestError ? error.status : 500;
        return { status, body: { error: error instanceof Error ? error.message : String(error) } };
      })
      .then((answer) => {
        write(response, answer);
      })
      .catch(() => response.destroy());
  });
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.listen, resolve);
  });
  return {
    address: () => server.address(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
};
