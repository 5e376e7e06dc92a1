import { WsProvider } from '@polkadot/api';
import type {
  ProviderInterface,
  ProviderInterfaceCallback,
  ProviderInterfaceEmitCb,
  ProviderInterfaceEmitted,
} from '@polkadot/rpc-provider/types';

/** A provider over one WebSocket after another. */
export interface SwitchingProvider {
  readonly provider: ProviderInterface;
  /** Leaves the endpoint in use and connects to this one; 'connected' or 'disconnected' is told to listeners. */
  use(endpoint: string): void;
  /** Leaves the endpoint in use at once, whether it still answers or not: what it owes is rejected. */
  leave(): void;
}

interface Connection {
  readonly socket: WsProvider;
  readonly pending: Set<(error: Error) => void>;
  readonly silence: readonly (() => void)[];
}

interface Subscription {
  readonly type: string;
  readonly method: string;
  readonly params: unknown[];
  readonly listener: ProviderInterfaceCallback;
  id: number | string;
}

/**
 * WsProvider closes politely, which a node that hangs never answers: so each connection gets a WsProvider of its own, and one that is left
 * is forgotten. Subscriptions move on to the next connection.
 */
export const openSwitchingProvider = (requestTimeout: number): SwitchingProvider => {
  const listeners: Readonly<Record<ProviderInterfaceEmitted, Set<ProviderInterfaceEmitCb>>> = {
    connected: new Set(),
    disconnected: new Set(),
    error: new Set(),
  };
  const subscriptions = new Map<number | string, Subscription>();
  let current: Connection | undefined;

  const emit = (type: ProviderInterfaceEmitted, value?: unknown): void => {
    for (const listener of [...listeners[type]]) listener(value);
  };

  const leave = (): void => {
    const left = current;
    if (left === undefined) return;
    current = undefined;
    for (const stop of left.silence) stop();
    for (const reject of [...left.pending]) reject(new Error('WebSocket is not connected: the connection was left'));
    left.socket.disconnect().catch(() => undefined);
    emit('disconnected');
  };

  const subscribeAgain = (socket: WsProvider): void => {
    for (const subscription of subscriptions.values()) {
      const { type, method, params, listener } = subscription;
      socket.subscribe(type, method, params, listener).then(
        (id) => {
          subscription.id = id;
        },
        (error: unknown) => {
          emit('error', error);
        },
      );
    }
  };

  const use = (endpoint: string): void => {
    leave();
    const socket = new WsProvider(endpoint, false, {}, requestTimeout);
    const silence = [
      socket.on('connected', () => {
        subscribeAgain(socket);
        emit('connected');
      }),
      socket.on('disconnected', leave),
      socket.on('error', (error: unknown) => {
        emit('error', error);
      }),
    ];
    current = { socket, pending: new Set(), silence };
    socket.connect().catch(leave);
  };

  /** Rejects as soon as the connection is left, without waiting for a socket that may never close. */
  const whileConnected = <T>(ask: (socket: WsProvider) => Promise<T>): Promise<T> => {
    const connection = current;
    if (connection === undefined) return Promise.reject(new Error('WebSocket is not connected'));
    return new Promise<T>((resolve, reject) => {
      connection.pending.add(reject);
      ask(connection.socket)
        .then(resolve, reject)
        .finally(() => connection.pending.delete(reject));
    });
  };

  const provider: ProviderInterface = {
    hasSubscriptions: true,
    isClonable: false,
    get isConnected() {
      return current?.socket.isConnected ?? false;
    },
    clone: () => {
      throw new Error('this provider belongs to one connection and cannot be cloned');
    },
    connect: () => Promise.resolve(),
    disconnect: () => {
      leave();
      return Promise.resolve();
    },
    on: (type, listener) => {
      listeners[type].add(listener);
      return () => listeners[type].delete(listener);
    },
    send: (method, params, isCacheable) => whileConnected((socket) => socket.send(method, params, isCacheable)),
    subscribe: async (type, method, params, listener) => {
      const id = await whileConnected((socket) => socket.subscribe(type, method, params, listener));
      subscriptions.set(id, { type, method, params, listener, id });
      return id;
    },
    unsubscribe: async (type, method, id) => {
      const subscription = subscriptions.get(id);
      subscriptions.delete(id);
      if (subscription === undefined || current === undefined) return true;
      return whileConnected((socket) => socket.unsubscribe(type, method, subscription.id));
    },
  };

  return { provider, use, leave };
};
