import { createInterface } from 'node:readline';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { encodeFrame } from '../src/domain/peers/frames.ts';
import { openSide, sendFrom } from '../test/support/peers.ts';
import { openRawPeer } from '../test/support/rawPeer.ts';
import { BARE, echo, REQUEST, UNLIMITED } from './peersBare.ts';

// The far end of the links that `bench -- peers` measures, in a process of its own.
const [role = '', address = '', validator = '', name = 'Bob'] = process.argv.slice(2);

const lines = createInterface({ input: process.stdin });

/** Does something again and again, several at a time, from the line `on` to the line `off`. */
const whileOn = (atOnce: number, once: () => Promise<void>, off: () => void = () => undefined): void => {
  let on = false;
  const go = async (): Promise<void> => {
    // To be refused is what it is there for.
    while (on) {
      await once().catch(() => sleep(1));
      await setImmediate();
    }
  };
  lines.on('line', (line) => {
    on = line === 'on';
    if (!on) off();
    else for (let count = 0; count < atOnce; count += 1) go().catch(() => undefined);
  });
};

const roles: Readonly<Record<string, () => Promise<string>>> = {
  /** Acknowledges what it hears. */
  ours: async () => {
    const side = await openSide(name, { limits: UNLIMITED, isDeaf: true });
    side.network.frames(() => Promise.resolve());
    side.network.hold([validator as `0x${string}`], []);
    return `${side.validator} ${side.address}`;
  },
  /** libp2p alone: answers each request, and swallows all else. */
  bare: async () => {
    const peer = await openRawPeer(name, 9);
    for (const protocol of Object.values(BARE))
      await peer.libp2p.handle(protocol, (stream) => {
        echo(stream, protocol);
      });
    return `${peer.validator} ${String(peer.libp2p.getMultiaddrs()[0])}`;
  },
  /** Floods whom it dials, whenever it is told to, as fast as it is read; it comes back when it is sent away. */
  flood: async () => {
    const peer = await openRawPeer(name, 10);
    let raw = await peer.introduce(address);
    let sequence = 0;
    const flood = async (): Promise<void> => {
      if (raw.isOver()) raw = await peer.introduce(address);
      if (raw.stream.writableNeedsDrain) await raw.stream.onDrain();
      sequence += 1;
      raw.send(encodeFrame({ kind: 'data', epoch: 1, sequence, body: new Uint8Array(REQUEST) }));
    };
    // What it has not got rid of by then is not to be brought while nobody disturbs.
    whileOn(1, flood, () => {
      raw.connection.abort(new Error('off'));
    });
    return peer.validator;
  },
  /** Comes again and again, as whoever it is, and says what is none of the protocol. */
  malformed: async () => {
    const peer = await openRawPeer(name, 11);
    whileOn(4, async () => {
      const raw = await peer.introduce(address);
      raw.send(Uint8Array.of(1, 0, 0, 0, 77));
      while (!raw.isOver()) await sleep(1);
      raw.connection.abort(new Error('done'));
    });
    return peer.validator;
  },
  /** Says one message after the other, as many as it is asked to, and prints the milliseconds until each was acknowledged. */
  quiet: async () => {
    const side = await openSide(name, { knows: () => [{ validator: validator as `0x${string}`, address }] });
    side.network.hold([validator as `0x${string}`], [validator as `0x${string}`]);
    const talk = async (): Promise<void> => {
      for await (const count of lines) {
        const waits: number[] = [];
        while (waits.length < Number(count)) {
          const began = performance.now();
          await sendFrom(side, validator as `0x${string}`, [new Uint8Array(REQUEST)]);
          waits.push(performance.now() - began);
          // Well within its quota.
          await sleep(8);
        }
        process.stdout.write(`${JSON.stringify(waits)}\n`);
      }
    };
    talk().catch(() => undefined);
    return side.validator;
  },
  /** So many validators that dial, and then say nothing. */
  idle: async () => {
    for (let index = 0; index < Number(name); index += 1) {
      const side = await openSide(`I${String(index)}`, {
        seed: index + 1,
        knows: () => [{ validator: validator as `0x${string}`, address }],
      });
      side.network.hold([validator as `0x${string}`], [validator as `0x${string}`]);
    }
    return 'dialling';
  },
};
process.stdout.write(`${(await roles[role]?.()) ?? ''}\n`);
