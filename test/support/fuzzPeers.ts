import { connect } from 'node:net';
import { canonicalJson } from '../../src/domain/canonicalJson.ts';
import type { Hex } from '../../src/domain/hex.ts';
import { toHex } from '../../src/domain/hex.ts';
import { signAddressRecord } from '../../src/domain/peers/addressRecord.ts';
import { signCertificate } from '../../src/domain/peers/certificate.ts';
import { encodeFrame } from '../../src/domain/peers/frames.ts';
import { Link } from '../../src/domain/peers/link.ts';
import { LIMITS } from '../../src/domain/peers/linkTerms.ts';
import { PeerError } from '../../src/domain/peers/peerError.ts';
import { checkSignature, readPeerMessage, signPeerMessage } from '../../src/domain/peers/peerMessage.ts';
import { writeWord } from '../../src/domain/peers/words.ts';
import { devAccount, signSr25519 } from '../../src/domain/threshold/schnorrkel.ts';
import { AddressBook } from '../../src/drivers/libp2p/addressBook.ts';
import { GENESIS, openSide, type Side, SWIFT } from './peers.ts';
import { openRawPeer, type RawPeer } from './rawPeer.ts';
import { seeded } from './seeded.ts';

/** What a run of the fuzzer came to. */
export interface FuzzResult {
  /** Malformed frames and handshakes. */
  readonly runs: number;
  /** Of them over real sockets. */
  readonly overSockets: number;
  /** Links that were ended for it; the others said too little, or only what is passed over. */
  readonly ended: number;
  /** Messages that were taken for genuine and are not. */
  readonly accepted: number;
  /** Errors that are none of the protocol's. */
  readonly crashes: readonly string[];
  /** Growth of the heap after everything was collected, in bytes, where it can be measured (`--expose-gc`). */
  readonly leaked: number | null;
}

export interface FuzzOptions {
  readonly runs: number;
  readonly seed: number;
  readonly progress?: (done: number) => void;
}

/** Malformed things on a link for each handshake over a real socket. */
const PER_SOCKET = 250;

const alice = devAccount('Alice');
const bob = devAccount('Bob');
const genesis = GENESIS;
const instance: Hex = `0x${'aa'.repeat(16)}`;
const signAs = (key: typeof alice) => (message: Uint8Array) => signSr25519(key.secretKey, message);

const certificateOf = (key: typeof alice, peerId: string, validUntil = 1_000): Uint8Array =>
  signCertificate({ validator: toHex(key.publicKey), genesis, epoch: 1, instance, validFrom: 0, validUntil, peerId }, signAs(key));

const between = { from: toHex(bob.publicKey), to: toHex(alice.publicKey), genesis };
const BODY = new TextEncoder().encode(
  canonicalJson(signPeerMessage({ kind: 'test', ...between, id: 'test/1', body: { said: 'really', of: [1, 2, 3] } }, signAs(bob))),
);

/** Whether something is taken for a message of Bob's that he has not sent, as the connection module decides it. */
const isForgery = (body: Uint8Array): boolean => {
  try {
    const message = readPeerMessage(body, between);
    checkSignature(message);
    // JSON can be written in several ways; what it says is what was signed.
    return canonicalJson(message) !== new TextDecoder().decode(BODY);
  } catch (error) {
    if (error instanceof PeerError) return false;
    throw error;
  }
};

type Random = () => number;
const below = (random: Random, limit: number): number => Math.floor(random() * limit);

const noise = (random: Random, length: number): Uint8Array => Uint8Array.from({ length }, () => below(random, 256));

/** Changes bytes as memory, networks and attackers do: bits, lengths, cuts, doubles, insertions. */
const mutate = (bytes: Uint8Array, random: Random): Uint8Array => {
  let changed = bytes.slice();
  for (let times = 1 + below(random, 3); times > 0; times -= 1) {
    const at = below(random, Math.max(1, changed.length));
    switch (below(random, 6)) {
      case 0:
        changed[at] = (changed[at] ?? 0) ^ (1 << below(random, 8));
        break;
      case 1:
        changed[at] = below(random, 256);
        break;
      case 2:
        changed = changed.slice(0, at);
        break;
      case 3:
        changed = Uint8Array.from([...changed.subarray(0, at), ...noise(random, 1 + below(random, 8)), ...changed.subarray(at)]);
        break;
      case 4:
        changed = Uint8Array.from([...changed, ...changed.subarray(at)]);
        break;
      default:
        if (changed.length >= 4) new DataView(changed.buffer).setUint32(0, below(random, 0x1_0000_0000), true);
    }
  }
  return changed;
};

/** All that a validator may say, well formed. */
const vocabulary = (): readonly Uint8Array[] => [
  encodeFrame({ kind: 'certificate', payload: certificateOf(bob, 'bob') }),
  encodeFrame({ kind: 'hello', payload: writeWord({ version: '1', received: null, givenUp: { epoch: 1, sequence: 2 } }) }),
  encodeFrame({ kind: 'data', epoch: 1, sequence: 1, body: BODY }),
  encodeFrame({ kind: 'ack', epoch: 1, sequence: 1 }),
  encodeFrame({ kind: 'ping', nonce: 7 }),
  encodeFrame({ kind: 'pong', nonce: 7 }),
  encodeFrame({
    kind: 'addresses',
    payload: signAddressRecord(
      { validator: toHex(bob.publicKey), genesis, epoch: 1, revision: 1, addresses: ['/ip4/203.0.113.7/tcp/1', '/dns4/a.example/tcp/2'] },
      signAs(bob),
    ),
  }),
  encodeFrame({ kind: 'view', payload: writeWord({ since: 1, roundTrip: 2, queue: 3, lastError: { code: 'peer.timeout', at: 4 } }) }),
  encodeFrame({
    kind: 'bye',
    payload: writeWord({ code: 'peer.stale-epoch', text: 'x', certificate: toHex(certificateOf(alice, 'alice')) }),
  }),
  encodeFrame({ kind: 'trace', payload: new TextEncoder().encode(`00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`) }),
  Uint8Array.of(3, 0, 0, 0, 200, 1, 2),
];

/** One link without a socket, told something malformed in the state it is in. */
const fuzzLink = (words: readonly Uint8Array[], own: Uint8Array, book: AddressBook, random: Random) => {
  const result = { ended: false, accepted: 0 };
  const link = new Link(
    {
      send: () => random() < 0.9,
      proven: () => undefined,
      opened: () => undefined,
      deliver: (_place, body) => {
        // What was really sent may come under any number: the module passes over what it has.
        if (isForgery(body)) result.accepted += 1;
      },
      acknowledged: () => undefined,
      addresses: (record) => {
        const learnt = book.learn(record, () => true, 0);
        if (learnt !== undefined && learnt.record.addresses.length !== 2) result.accepted += 1;
      },
      viewed: () => undefined,
      ended: () => {
        result.ended = true;
      },
    },
    {
      self: () => ({ validator: toHex(alice.publicKey), genesis, epoch: 1, instance }),
      certificate: () => own,
      expected: () => ({
        peerId: 'bob',
        genesis,
        height: 100,
        admitted: () => true,
        // The certificate itself is known, so that a run in an open link does not cost a signature.
        known: () => ({ epoch: 1, instance, certificate: toHex((words[0] ?? own).subarray(5)) }),
      }),
      hello: () => ({ version: '1', received: null, givenUp: null }),
      limits: LIMITS,
      crowded: () => false,
    },
    0,
  );
  link.showCertificate();
  // In one of four runs the handshake itself is malformed.
  const introduced = random() < 0.75 ? 2 : below(random, 2);
  for (const word of words.slice(0, introduced)) link.receive(word, 0);
  const word = random() < 0.1 ? noise(random, 1 + below(random, 64)) : mutate(words[below(random, words.length)] ?? own, random);
  // What comes after shows whether the link still knows where it is.
  const stream = random() < 0.5 ? word : Uint8Array.from([...word, ...(words[below(random, words.length)] ?? [])]);
  for (let at = 0; at < stream.length; ) {
    const length = 1 + below(random, stream.length);
    link.receive(stream.subarray(at, at + length), below(random, 1_000));
    at += length;
  }
  return result;
};

const oneByOne = ['tcp', 'noise', 'certificate', 'open'] as const;

/** A malformed handshake over TCP, in one of the layers. */
const fuzzSocket = async (side: Side, peer: RawPeer, words: readonly Uint8Array[], random: Random): Promise<void> => {
  const layer = oneByOne[below(random, oneByOne.length)] ?? 'tcp';
  if (layer === 'tcp') {
    await new Promise<void>((resolve) => {
      const socket = connect(side.port, '127.0.0.1', () => {
        // As a dialler would begin, and then not.
        const begin = Buffer.from('\x13/multistream/1.0.0\n\x07/noise\n', 'latin1');
        socket.end(random() < 0.5 ? noise(random, below(random, 500)) : mutate(new Uint8Array(begin), random));
      });
      socket.setTimeout(200, () => socket.destroy());
      socket.on('error', () => undefined);
      socket.on('close', () => {
        resolve();
      });
      socket.resume();
    });
    return;
  }
  // Who broke the protocol is not listened to for a while: each time it is somebody else.
  const somebody = devAccount(`F${String(below(random, 1e9))}`);
  side.network.hold([peer.validator, toHex(somebody.publicKey)], []);
  const raw = await peer
    .open(side.address, layer === 'noise' ? ['/nothing/1', '/serai/coordinator/1'] : '/serai/coordinator/1')
    .catch(() => undefined);
  if (raw === undefined) return;
  const honest = encodeFrame({ kind: 'certificate', payload: peer.certificate(1, somebody) });
  try {
    if (layer === 'open') {
      raw.send(honest);
      raw.send(words[1] ?? new Uint8Array());
      raw.send(mutate(words[2 + below(random, words.length - 2)] ?? new Uint8Array(), random));
    } else raw.send(layer === 'noise' ? noise(random, below(random, 2_000)) : mutate(honest, random));
    await new Promise((resolve) => setTimeout(resolve, 5));
  } catch {
    // The other side may have left already.
  } finally {
    raw.connection.abort(new Error('done'));
  }
};

const heap = (): number | null => {
  const collect = (globalThis as { gc?: () => void }).gc;
  if (collect === undefined) return null;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
};

/** Tells links malformed things, as often as it is asked to, and looks at what comes of it. */
export const fuzzPeers = async ({ runs, seed, progress }: FuzzOptions): Promise<FuzzResult> => {
  const random = seeded(seed);
  const words = vocabulary();
  const own = certificateOf(alice, 'alice');
  const crashes = new Set<string>();
  let forged = 0;
  const crashed = (error: unknown): void => {
    crashes.add(error instanceof Error ? (error.stack ?? error.message) : String(error));
  };
  process.on('uncaughtException', crashed);
  process.on('unhandledRejection', crashed);
  const peer = await openRawPeer('Bob', 66);
  const anyNumber = { perSecond: 1e9, atOnce: 1e9 };
  const side = await openSide('Alice', {
    // It comes as often as it likes: what it says when it is there is the question.
    limits: { ...SWIFT, lobby: { ...SWIFT.lobby, hostComes: anyNumber, strangersCome: anyNumber } },
    deliver: ({ body }) => {
      if (isForgery(body)) forged += 1;
      return Promise.resolve();
    },
  });
  side.network.hold([peer.validator], []);
  const book = new AddressBook({ genesis, configured: () => [], allowPrivate: false });
  let ended = 0;
  let accepted = 0;
  let overSockets = 0;
  let before: number | null = null;
  try {
    for (let run = 0; run < runs; run += 1) {
      if (run === Math.floor(runs / 10)) before = heap();
      if (run % PER_SOCKET === 0) {
        overSockets += 1;
        await fuzzSocket(side, peer, words, random);
        progress?.(run);
        continue;
      }
      try {
        const result = fuzzLink(words, own, book, random);
        ended += result.ended ? 1 : 0;
        accepted += result.accepted;
      } catch (error) {
        if (!(error instanceof PeerError)) crashed(error);
      }
    }
    const after = heap();
    // It still lets in who knocks properly.
    const raw = await peer.introduce(side.address);
    const deadline = Date.now() + 20_000;
    while (raw.heard.length === 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    if (raw.heard.length === 0) crashed(new Error('after all that the network no longer answers'));
    const leaked = before === null || after === null ? null : after - before;
    return { runs, overSockets, ended, accepted: accepted + forged, crashes: [...crashes], leaked };
  } finally {
    await side.close();
    await peer.close();
    process.off('uncaughtException', crashed);
    process.off('unhandledRejection', crashed);
  }
};
