import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** How a link behaves on its way: what a real one does to bytes, without touching them. */
export interface Weather {
  /** Bytes a second each way; 0 for as many as come. */
  bytesPerSecond?: number;
  /** Chance of a chunk to be held back, and for how many milliseconds: a packet that was lost, and sent again. */
  loss?: { readonly chance: number; readonly delay: number };
  /** Chance of a chunk to be the last of its connection. */
  reset?: number;
  /** Bytes are taken in and go nowhere; nobody is told. */
  frozen?: boolean;
}

export interface TcpProxy {
  readonly port: number;
  weather: Weather;
  /** Ends every connection with a reset. */
  readonly cut: () => void;
  readonly connections: () => number;
  readonly close: () => Promise<void>;
}

/** Stands between two sides of TCP connections, and does to them what networks do. `random` in [0, 1). */
export const openTcpProxy = async (target: number, random: () => number): Promise<TcpProxy> => {
  const sockets = new Set<Socket>();
  const proxy = { weather: {} as Weather };

  const carry = (from: Socket, to: Socket): void => {
    let chain = Promise.resolve();
    let waiting = 0;
    from.on('data', (chunk: Buffer) => {
      waiting += chunk.length;
      if (waiting > 256 * 1024) from.pause();
      chain = chain.then(async () => {
        const { bytesPerSecond = 0, loss, reset = 0 } = proxy.weather;
        const pause =
          (bytesPerSecond > 0 ? (chunk.length / bytesPerSecond) * 1_000 : 0) +
          (loss !== undefined && random() < loss.chance ? loss.delay : 0);
        if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
        while (proxy.weather.frozen === true && !to.destroyed) await new Promise((resolve) => setTimeout(resolve, 20));
        if (reset > 0 && random() < reset) {
          from.resetAndDestroy();
          to.resetAndDestroy();
        }
        if (!to.destroyed) to.write(chunk);
        waiting -= chunk.length;
        if (waiting <= 256 * 1024) from.resume();
      });
    });
    from.on('end', () => {
      void chain.then(() => to.end());
    });
    from.on('close', () => {
      sockets.delete(from);
      // A side that is gone behind a frozen link is noticed by nobody.
      if (proxy.weather.frozen !== true) to.destroy();
    });
    from.on('error', () => undefined);
  };

  const server = createServer({ allowHalfOpen: true }, (inbound) => {
    const outbound = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    for (const socket of [inbound, outbound]) sockets.add(socket);
    carry(inbound, outbound);
    carry(outbound, inbound);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return Object.assign(proxy, {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    connections: () => sockets.size / 2,
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => {
          resolve();
        });
      }),
  });
};
