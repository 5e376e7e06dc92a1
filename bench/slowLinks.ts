import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { multiaddr } from '@multiformats/multiaddr';

/** Passes on what one side says, as late as the link is long. */
const passOn = (from: Socket, to: Socket, delay: number): void => {
  from.setNoDelay(true);
  from.on('data', (bytes: Buffer) => {
    setTimeout(() => {
      if (to.writable) to.write(bytes);
    }, delay);
  });
  from.on('close', () => {
    setTimeout(() => to.destroy(), delay);
  });
  from.on('error', () => from.destroy());
};

/** Links that take `delay` milliseconds each way: stands before addresses on this machine. */
export class SlowLinks {
  readonly #delay: number;
  readonly #servers: Server[] = [];

  constructor(delay: number) {
    this.#delay = delay;
  }

  /** Another address for `/ip4/127.0.0.1/tcp/1234/p2p/…`, from which it is reached as late. */
  async before(address: string): Promise<string> {
    const target = multiaddr(address);
    const port = Number(target.getComponents().find(({ name }) => name === 'tcp')?.value);
    const server = createServer((near) => {
      const far = createConnection({ host: '127.0.0.1', port });
      passOn(near, far, this.#delay);
      passOn(far, near, this.#delay);
    });
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const own = server.address();
    if (own === null || typeof own === 'string') throw new Error('a server on a port has one');
    return address.replace(`/tcp/${String(port)}`, `/tcp/${String(own.port)}`);
  }

  close(): void {
    for (const server of this.#servers) server.close();
  }
}
