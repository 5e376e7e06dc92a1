import { setTimeout as sleep } from 'node:timers/promises';
import { encodeFrame } from '../src/domain/peers/frames.ts';
import { openSide, sendFrom } from '../test/support/peers.ts';
import { openRawPeer } from '../test/support/rawPeer.ts';
import { BARE, echo, REQUEST, SAMPLES, UNLIMITED } from './peersBare.ts';

// The far end of the links that `bench -- peers` measures, in a process of its own.
const [role = '', address = '', validator = '', name = 'Bob'] = process.argv.slice(2);

const roles: Readonly<Record<string, () => Promise<string>>> = {
  /** Acknowledges what it hears. */
  ours: async () => {
    const side = await openSide(name, { limits: UNLIMITED });
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
  /** Floods whom it dials, for as long as it lives. */
  flood: async () => {
    const peer = await openRawPeer(name, 10);
    const raw = await peer.introduce(address);
    const frame = (sequence: number) => encodeFrame({ kind: 'data', epoch: 1, sequence, body: new Uint8Array(4_096) });
    const flood = async (): Promise<void> => {
      for (let sequence = 1; !raw.isOver(); sequence += 1) {
        raw.send(frame(sequence));
        if (raw.stream.writeStatus !== 'writable') break;
        if (raw.stream.writableNeedsDrain) await raw.stream.onDrain();
      }
    };
    flood().catch(() => undefined);
    return peer.validator;
  },
  /** Says one message after the other, and prints the milliseconds of each thousand until they were acknowledged. */
  quiet: async () => {
    const side = await openSide(name, { knows: () => [{ validator: validator as `0x${string}`, address }] });
    side.network.hold([validator as `0x${string}`], [validator as `0x${string}`]);
    const talk = async (): Promise<void> => {
      for (;;) {
        const waits: number[] = [];
        for (let count = 0; count < SAMPLES; count += 1) {
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
