import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Store } from '../../data/store.ts';
import type { Hex } from '../../domain/hex.ts';
import { PortError } from '../portError.ts';
import { Chain, type Imported } from './chain.ts';
import { NodeError } from './nodeError.ts';
import { rpcMethods } from './rpc.ts';
import { SUBSCRIPTION_METHODS, Subscriptions } from './subscriptions.ts';

/** A request at most, in bytes. */
const MESSAGE_LIMIT = 16 * 1024 * 1024;

export interface SeraiNodeOptions {
  readonly store: Store;
  /** 0 takes any free port. */
  readonly port: number;
  /** Milliseconds between blocks; 0 makes blocks only by `produceBlock`. */
  readonly blockTime: number;
  readonly now?: () => number;
  /** Hears that the node can no longer make blocks. */
  readonly failed?: (error: unknown) => void;
}

/** A simulated Serai node on loopback: JSON-RPC over WebSocket and HTTP on one port, with the real runtime's bytes (design §13). */
export interface SeraiNode {
  readonly url: string;
  readonly genesisHash: Hex;
  finalizedNumber(): number;
  bestNumber(): number;
  produceBlock(): Promise<Imported>;
  close(): Promise<void>;
}

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

/** Opens the node on its store: the chain goes on where it stood. */
export const openSeraiNode = async ({
  store,
  port,
  blockTime,
  now = Date.now,
  failed = () => undefined,
}: SeraiNodeOptions): Promise<SeraiNode> => {
  const chain = await Chain.open(store, now);
  const methods = rpcMethods(chain, SUBSCRIPTION_METHODS);
  const connections = new Set<Subscriptions>();

  const answer = async ({ id, method, params }: Request, subscriptions?: Subscriptions): Promise<unknown> => {
    const list = Array.isArray(params) ? (params as readonly unknown[]) : [];
    try {
      const subscribed = subscriptions?.subscribe(method, list) ?? subscriptions?.unsubscribe(method, list);
      if (subscribed !== undefined) return { jsonrpc: '2.0', result: subscribed, id };
      const call = Object.hasOwn(methods, method) ? methods[method] : undefined;
      if (call === undefined) throw new NodeError(-32601, 'Method not found');
      return { jsonrpc: '2.0', result: (await call(list, params)) ?? null, id };
    } catch (error) {
      return { jsonrpc: '2.0', error: errorJson(error), id };
    }
  };

  const http = createServer((request, response) => {
    answerHttp(request, response, answer).catch(() => response.destroy());
  });
  const sockets = new WebSocketServer({ server: http, maxPayload: MESSAGE_LIMIT });
  sockets.on('connection', (socket: WebSocket) => {
    const send = (value: unknown): void => {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(value));
    };
    const subscriptions = new Subscriptions(chain, (method, subscription, result) => {
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

  let producing: Promise<Imported> | undefined;
  const produceBlock = async (): Promise<Imported> => {
    await producing;
    producing = chain.produce();
    const imported = await producing;
    for (const subscriptions of connections) await subscriptions.advance();
    return imported;
  };
  const timer =
    blockTime === 0
      ? undefined
      : setInterval(() => {
          produceBlock().catch(failed);
        }, blockTime);

  return {
    url: `ws://127.0.0.1:${String(bound)}`,
    genesisHash: chain.genesisHash,
    finalizedNumber: () => chain.finalized,
    bestNumber: () => chain.best.number,
    produceBlock,
    close: async () => {
      clearInterval(timer);
      for (const socket of sockets.clients) socket.terminate();
      await new Promise<void>((resolve) => {
        http.close(() => {
          resolve();
        });
      });
      await producing?.catch(() => undefined);
      await chain.close();
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
