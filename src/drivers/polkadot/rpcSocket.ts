import type { JsonRpcResponse, ProviderInterfaceCallback } from '@polkadot/rpc-provider/types';
import { WebSocket } from 'ws';
import { RpcCoder } from './polkadot.ts';

/** An answer at most, in bytes: more than a block or a runtime's metadata ever is. */
const ANSWER_LIMIT = 64 * 1024 * 1024;

/** Notifications held for a subscription whose id is not known yet. */
const EARLY_LIMIT = 256;

export interface RpcSocketOptions {
  readonly endpoint: string;
  /** Milliseconds a request, and the opening of the connection, may take. */
  readonly requestTimeout: number;
  readonly opened: () => void;
  readonly closed: () => void;
  readonly failed: (error: Error) => void;
}

/** One WebSocket to a node, with the requests and subscriptions on it. What it still owes is rejected when it is closed. */
export interface RpcSocket {
  readonly isOpen: () => boolean;
  readonly send: (method: string, params: readonly unknown[]) => Promise<unknown>;
  readonly subscribe: (method: string, params: readonly unknown[], listener: ProviderInterfaceCallback) => Promise<number | string>;
  readonly unsubscribe: (method: string, id: number | string) => Promise<boolean>;
  /** Closes at once, whether the node still answers or not. */
  readonly close: () => void;
}

interface Owed {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

type Message = JsonRpcResponse<unknown> & { readonly params?: { readonly subscription?: number | string } };

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/**
 * Opens a WebSocket for JSON-RPC. Written here because the provider of @polkadot/api throws out of its event handler, and so ends the process,
 * when a node sends something else than JSON; it neither bounds answers nor lets a connection be left that no longer answers.
 */
export const openRpcSocket = ({ endpoint, requestTimeout, opened, closed, failed }: RpcSocketOptions): RpcSocket => {
  const coder = new RpcCoder();
  const owed = new Map<number, Owed>();
  const listeners = new Map<number | string, ProviderInterfaceCallback>();
  const early: Message[] = [];
  let isClosed = false;
  const socket = new WebSocket(endpoint, { maxPayload: ANSWER_LIMIT, handshakeTimeout: requestTimeout, perMessageDeflate: false });

  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    socket.terminate();
    for (const { reject, timer } of owed.values()) {
      clearTimeout(timer);
      reject(new Error('WebSocket is not connected: the connection was left'));
    }
    owed.clear();
    listeners.clear();
    closed();
  };

  const notify = (listener: ProviderInterfaceCallback, message: Message): void => {
    let result: unknown;
    try {
      result = coder.decodeResponse(message);
    } catch (error) {
      listener(asError(error), undefined);
      return;
    }
    listener(null, result);
  };

  const settle = (message: Message): void => {
    const debt = owed.get(message.id);
    if (debt === undefined) return;
    owed.delete(message.id);
    clearTimeout(debt.timer);
    try {
      debt.resolve(coder.decodeResponse(message));
    } catch (error) {
      debt.reject(asError(error));
    }
  };

  const receive = (text: string): void => {
    const message = JSON.parse(text) as Message | null;
    if (typeof message !== 'object' || message === null) throw new Error('not an object');
    if (message.method === undefined) {
      settle(message);
      return;
    }
    const listener = listeners.get(message.params.subscription);
    if (listener !== undefined) notify(listener, message);
    else if (early.push(message) > EARLY_LIMIT) early.shift();
  };

  socket.on('open', opened);
  socket.on('close', close);
  socket.on('error', (error) => {
    failed(error);
    close();
  });
  socket.on('message', (data: Buffer, isBinary) => {
    if (isClosed) return;
    try {
      if (isBinary) throw new Error('binary');
      receive(data.toString('utf8'));
    } catch (cause) {
      // A node that does not speak JSON-RPC any more is left: what it owed would never come.
      failed(new Error(`${endpoint} sent something that is not JSON-RPC`, { cause }));
      close();
    }
  });

  const send = (method: string, params: readonly unknown[]): Promise<unknown> => {
    if (isClosed || socket.readyState !== WebSocket.OPEN) return Promise.reject(new Error('WebSocket is not connected'));
    const [id, text] = coder.encodeJson(method, [...params]);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        owed.delete(id);
        reject(new Error(`no answer to ${method} within ${String(requestTimeout)} ms`));
      }, requestTimeout);
      owed.set(id, { resolve, reject, timer });
      socket.send(text);
    });
  };

  return {
    isOpen: () => !isClosed && socket.readyState === WebSocket.OPEN,
    send,
    subscribe: async (method, params, listener) => {
      const id = (await send(method, params)) as number | string;
      listeners.set(id, listener);
      for (const message of early.splice(0)) {
        if (message.params.subscription === id) notify(listener, message);
        else early.push(message);
      }
      return id;
    },
    unsubscribe: async (method, id) => {
      listeners.delete(id);
      return (await send(method, [id])) === true;
    },
    close,
  };
};
