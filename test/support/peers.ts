import type { Hex } from '../../src/domain/hex.ts';
import { toHex } from '../../src/domain/hex.ts';
import type { KnownStart } from '../../src/domain/peers/certificate.ts';
import { isAfter, type Place } from '../../src/domain/peers/frames.ts';
import type { PeerReport } from '../../src/domain/peers/peerReport.ts';
import { devAccount, type Sr25519Pair, signSr25519 } from '../../src/domain/threshold/schnorrkel.ts';
import {
  type Libp2pNetwork,
  type Libp2pOptions,
  NETWORK_LIMITS,
  type NetworkLimits,
  openLibp2p,
} from '../../src/drivers/libp2p/libp2pNetwork.ts';
import type { PeerEvent, PeerFrame, PeerMemory } from '../../src/streams/fromPeers.ts';

export const GENESIS: Hex = `0x${'11'.repeat(32)}`;

/** Limits under which what takes seconds in a coordinator takes a fraction of one. */
export const SWIFT: NetworkLimits = {
  ...NETWORK_LIMITS,
  headStart: 300,
  link: { ...NETWORK_LIMITS.link, ping: 300, dead: 1_000, greeting: 2_000, view: 500 },
};

/** What a validator keeps from one start of its coordinator to the next. */
export interface Kept {
  epoch: number;
  height: number;
  readonly starts: Map<Hex, KnownStart>;
  readonly received: Map<Hex, Place>;
  readonly sent: Map<Hex, Place>;
  readonly givenUp: Map<Hex, Place>;
  readonly records: Map<Hex, Uint8Array>;
  readonly events: PeerEvent[];
}

export const newlyKept = (): Kept => ({
  epoch: 0,
  height: 100,
  starts: new Map(),
  received: new Map(),
  sent: new Map(),
  givenUp: new Map(),
  records: new Map(),
  events: [],
});

/** A validator's coordinator as far as its links go. */
export interface Side {
  readonly validator: Hex;
  readonly key: Sr25519Pair;
  readonly network: Libp2pNetwork;
  readonly kept: Kept;
  /** Frames that were delivered and acknowledged, in order. */
  readonly frames: PeerFrame[];
  readonly log: { readonly event: string; readonly code: unknown; readonly reason: unknown }[];
  /** The address others dial. */
  readonly address: string;
  readonly port: number;
  readonly to: (other: Side) => PeerReport | undefined;
  readonly close: () => Promise<void>;
}

export interface SideOptions extends Partial<Omit<Libp2pOptions, 'memory' | 'peers'>> {
  /** Addresses it knows from the beginning. */
  readonly knows?: () => readonly { readonly validator: Hex; readonly address: string }[];
  readonly kept?: Kept;
  readonly deliver?: (frame: PeerFrame) => Promise<void>;
  readonly memory?: Partial<PeerMemory>;
  readonly seed?: number;
  /** Nobody takes what is heard, yet. */
  readonly isDeaf?: boolean;
}

const hash = (text: string): number => Array.from(text).reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 251, 7);

const instanceOf = (): Hex => toHex(crypto.getRandomValues(new Uint8Array(16)));

/** Opens a validator's side, in the next epoch of what it kept. */
export const openSide = async (name: string, options: SideOptions = {}): Promise<Side> => {
  const { knows, kept = newlyKept(), deliver, memory, seed, isDeaf = false, ...rest } = options;
  kept.epoch += 1;
  let instance = instanceOf();
  const key = devAccount(name);
  const validator = toHex(key.publicKey);
  const frames: PeerFrame[] = [];
  const log: { event: string; code: unknown; reason: unknown }[] = [];
  const network = await openLibp2p({
    listen: ['/ip4/127.0.0.1/tcp/0'],
    peers: knows ?? (() => []),
    identitySeed: new Uint8Array(32).fill(seed ?? hash(name)),
    validator,
    genesisHash: GENESIS,
    version: '0.0.0-test',
    sign: (message) => signSr25519(key.secretKey, message),
    memory: {
      start: () => ({ epoch: kept.epoch, instance }),
      enterAbove: (epoch) => {
        kept.epoch = epoch + 1;
        instance = instanceOf();
        return Promise.resolve();
      },
      height: () => kept.height,
      known: (other) => kept.starts.get(other),
      received: (other) => kept.received.get(other),
      sent: (other) => kept.sent.get(other),
      givenUp: (other) => kept.givenUp.get(other),
      addresses: () => [...kept.records.values()],
      waiting: () => new Map(),
      ...memory,
    },
    log: (event, { code, reason }) => {
      log.push({ event, code, reason });
    },
    limits: SWIFT,
    ...rest,
  });
  network.events((event) => {
    kept.events.push(event);
    if (event.kind === 'started') kept.starts.set(event.validator, event.start);
    if (event.kind === 'given-up') kept.received.set(event.validator, event.upTo);
    if (event.kind === 'addresses') kept.records.set(event.record.validator, Buffer.from(event.bytes.slice(2), 'hex'));
  });
  const take = async (frame: PeerFrame): Promise<void> => {
    const last = kept.received.get(frame.from);
    if (last !== undefined && !isAfter(frame, last)) return;
    await deliver?.(frame);
    frames.push(frame);
    kept.received.set(frame.from, { epoch: frame.epoch, sequence: frame.sequence });
  };
  if (!isDeaf) network.frames(take);
  const [address = ''] = network.addresses();
  const side: Side = {
    validator,
    key,
    network,
    kept,
    frames,
    log,
    address: address.replace(/\/p2p\/.*/, ''),
    port: Number(/tcp\/(\d+)/.exec(address)?.[1]),
    to: (other) => network.report().peers.find((peer) => peer.validator === other.validator),
    close: () => network.close(),
  };
  return side;
};

/** Numbers messages as a coordinator does, and sends them until they are acknowledged, over as many links as it takes. */
export const sendFrom = (side: Side, to: Hex, bodies: readonly Uint8Array[]): Promise<void> => {
  const last = side.kept.sent.get(to);
  const before = last?.epoch === side.kept.epoch ? last.sequence : 0;
  const parcels = bodies.map((body, index) => ({ epoch: side.kept.epoch, sequence: before + index + 1, body }));
  side.kept.sent.set(to, { epoch: side.kept.epoch, sequence: before + bodies.length });
  return side.network.send(to, parcels);
};

/** Holds links between all of these. */
export const linkAll = (sides: readonly Side[]): void => {
  for (const side of sides) {
    const others = sides.filter((other) => other !== side).map(({ validator }) => validator);
    side.network.hold(others, others);
  }
};

/** Waits until something holds; a test that waits too long fails by its own deadline. */
export const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
};

export const areLinked = (a: Side, b: Side): boolean => a.to(b)?.state === 'connected' && b.to(a)?.state === 'connected';
