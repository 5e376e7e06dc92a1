import type {
  ProviderInterface,
  ProviderInterfaceCallback,
  ProviderInterfaceEmitCb,
  ProviderInterfaceEmitted,
} from '@polkadot/rpc-provider/types';
import { openRpcSocket, type RpcSocket } from './rpcSocket.ts';

/** A provider over one WebSocket after another. */
export interface SwitchingProvider {
  readonly provider: ProviderInterface;
  /** Leaves the endpoint in use and connects to this one; 'connected' or 'disconnected' is told to listeners. */
  use(endpoint: string): void;
  /** Leaves the endpoint in use at once, whether it still answers or not: what it owes is rejected. */
  leave(): void;
}

interface Subscription {
  readonly method: string;
  readonly params: readonly unknown[];
  readonly listener: ProviderInterfaceCallback;
  id: number | string;
}

/** One provider for whichever node is in use: subscriptions move on to the next connection. */
export const openSwitchingProvider = (requestTimeout: number): SwitchingProvider => {
  const listeners: Readonly<Record<ProviderInterfaceEmitted, Set<ProviderInterfaceEmitCb>>> = {
    connected: new Set(),
    disconnected: new Set(),
    error: new Set(),
  };
  const subscriptions = new Map<number | string, Subscription>();
  let current: RpcSocket | undefined;

  const emit = (type: ProviderInterfaceEmitted, value?: unknown): void => {
    for (const listener of [...listeners[type]]) listener(value);
  };

  const subscribeAgain = (socket: RpcSocket): void => {
    for (const subscription of subscriptions.values()) {
      const { method, params, listener } = subscription;
      socket.subscribe(method, params, listener).then(
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
    current?.close();
    const socket = openRpcSocket({
      endpoint,
      requestTimeout,
      opened: () => {
        subscribeAgain(socket);
        emit('connected');
      },
      closed: () => {
        if (current === socket) current = undefined;
        emit('disconnected');
      },
      failed: (error) => {
        emit('error', error);
      },
    });
    current = socket;
  };

  const connected = (): RpcSocket => {
    if (current === undefined) throw new Error('WebSocket is not connected');
    return current;
  };

  const provider: ProviderInterface = {
    hasSubscriptions: true,
    isClonable: false,
    get isConnected() {
      return current?.isOpen() ?? false;
    },
    clone: () => {
      throw new Error('this provider belongs to one connection and cannot be cloned');
    },
    connect: () => Promise.resolve(),
    disconnect: () => {
      current?.close();
      return Promise.resolve();
    },
    on: (type, listener) => {
      listeners[type].add(listener);
      return () => listeners[type].delete(listener);
    },
    send: async <T>(method: string, params: unknown[]) => (await connected().send(method, params)) as T,
    subscribe: async (_type, method, params, listener) => {
      const id = await connected().subscribe(method, params, listener);
      subscriptions.set(id, { method, params, listener, id });
      return id;
    },
    unsubscribe: async (_type, method, id) => {
      const subscription = subscriptions.get(id);
      subscriptions.delete(id);
      if (subscription === undefined || current === undefined) return true;
      return current.unsubscribe(method, subscription.id);
    },
  };

  return {
    provider,
    use,
    leave: () => {
      current?.close();
    },
  };
};
