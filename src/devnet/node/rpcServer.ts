import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { PortError } from '../portError.ts';
import type { ChainView } from './chainView.ts';
import type { Faults } from './faults.ts';
import { NodeError } from './nodeError.ts';
import { rpcMethods } from './rpc.ts';
import { SUBSCRIPTION_METHODS, Subscriptions } from './subscriptions.ts';

/** A request at most, in bytes. */
const MESSAGE_LIMIT = 16 * 1024 * 1024;

/** Answers to a connection after which it breaks, where that fault is on. */
const BREAK_EVERY = 50;

/** Questions about a block of which one is answered for its parent, where that fault is on. */
const WRONG_EVERY = 10;

/** The methods whose last parameter names a block, by its place. */
const BLOCK_PARAMETER: Readonly<Record<string, number>> = { chain_getHeader: 0, state_queryStorageAt: 1, state_getStorage: 1 };

interface Request {
  readonly id: unknown;
  readonly method: string;
  readonly params: unknown;
}

const PARSE_ERROR = { jsonrpc: '2.0', error: { code: -32700, message: 'Parse error' }, id: null };

const parse = (text: string): Request | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('method' in value) || typeof value.method !== 'string') return undefined;
    return { id: 'id' in value ? value.id : null, method: value.method, params: 'params' in value ? value.params : [] };
  } catch {
    return undefined;
  }
};

const errorJson = (error: unknown): Record<string, unknown> => {
  if (!(error instanceof NodeError)) return { code: -32603, message: 'Internal error', data: String(error) };
  const { code, message, data } = error;
  return { code, message, ...(data === undefined ? {} : { data }) };
};

export interface RpcServerOptions {
  readonly chain: ChainView;
  readonly faults: Faults;
  /** 0 takes any free port. */
  readonly port: number;
}

/** JSON-RPC over WebSocket and HTTP on one port of loopback. */
export interface RpcServer {
  readonly url: string;
  /** Tells subscribers of a new block. */
  advance(): Promise<void>;
  close(): Promise<void>;
}

/** Serves a chain as a Serai node does, with the faults that are on. */
export const openRpcServer = async ({ chain, faults, port }: RpcServerOptions): Promise<RpcServer> => {
  const methods = rpcMethods(chain, SUBSCRIPTION_METHODS, faults);
  const connections = new Set<Subscriptions>();
  let asked = 0;

  /** The same question, sometimes about the parent of the block it was about. */
  const misheard = async (method: string, params: readonly unknown[]): Promise<readonly unknown[]> => {
    const at = BLOCK_PARAMETER[method];
    const hash = at === undefined ? undefined : params[at];
    if (!faults.wrongBlock || typeof hash !== 'string') return params;
    asked += 1;
    if (asked % WRONG_EVERY !== 0) return params;
    const height = await chain.heightOf(Buffer.from(hash.replace(/^0x/, ''), 'hex'));
    const parent = await chain.hashAt(Math.max(0, (height ?? 1) - 1));
    return params.map((value, index) => (index === at ? parent : value));
  };

  const answer = async ({ id, method, params }: Request, subscriptions?: Subscriptions): Promise<unknown> => {
    const list = Array.isArray(params) ? (params as readonly unknown[]) : [];
    try {
      if (faults.slow > 0) await pause(faults.slow);
      const subscribed = subscriptions?.subscribe(method, list) ?? subscriptions?.unsubscribe(method, list);
      if (subscribed !== undefined) return { jsonrpc: '2.0', result: subscribed, id };
      const call = Object.hasOwn(methods, method) ? methods[method] : undefined;
      if (call === undefined) throw new NodeError(-32601, 'Method not found');
      return { jsonrpc: '2.0', result: (await call(await misheard(method, list), params)) ?? null, id };
    } catch (error) {
      return { jsonrpc: '2.0', error: errorJson(error), id };
    }
  };

  const http = createServer((request, response) => {
    answerHttp(request, response, answer).catch(() => response.destroy());
  });
  const sockets = new WebSocketServer({ server: http, maxPayload: MESSAGE_LIMIT });
  sockets.on('connection', (socket: WebSocket) => {
    let sent = 0;
    const send = (value: unknown): void => {
      if (socket.readyState !== socket.OPEN) return;
      const text = JSON.stringify(value);
      sent += 1;
      if (!faults.disconnect || sent % BREAK_EVERY !== 0) socket.send(text);
      else
        socket.send(text.slice(0, text.length >> 1), { fin: false }, () => {
          socket.terminate();
        });
    };
    const subscriptions = new Subscriptions(chain, faults, (method, subscription, result) => {
      send({ jsonrpc: '2.0', method, params: { subscription, result } });
    });
    connections.add(subscriptions);
    socket.on('message', (data: Buffer) => {
      const request = parse(data.toString('utf8'));
      if (request === undefined) send(PARSE_ERROR);
      else void answer(request, subscriptions).then(send);
    });
    socket.on('error', () => {
      socket.terminate();
    });
    socket.on('close', () => connections.delete(subscriptions));
  });
  // The server's own errors are told by the promise below; without a listener this one would end the process.
  sockets.on('error', () => undefined);
  const bound = await listen(http, port);

  return {
    url: `ws://127.0.0.1:${String(bound)}`,
    advance: async () => {
      for (const subscriptions of connections) await subscriptions.advance();
    },
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      await new Promise<void>((resolve) => {
        http.close(() => {
          resolve();
        });
      });
    },
  };
};

const listen = (http: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    http.once('error', (cause) => {
      reject(
        new PortError(
          `the simulated node cannot listen on port ${String(port)}: another program has it; give another one with --port, or 0 for any`,
          { cause },
        ),
      );
    });
    http.listen(port, '127.0.0.1', () => {
      const address = http.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });

const answerHttp = async (
  request: IncomingMessage,
  response: ServerResponse,
  answer: (request: Request) => Promise<unknown>,
): Promise<void> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    length += bytes.length;
    if (length > MESSAGE_LIMIT) {
      response.writeHead(413).end();
      return;
    }
    chunks.push(bytes);
  }
  const parsed = parse(Buffer.concat(chunks).toString('utf8'));
  const body = parsed === undefined ? PARSE_ERROR : await answer(parsed);
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};
