import { chainMessageArrived } from '../../src/domain/crypto/chainEvents.ts';
import { reopenRounds } from '../../src/domain/crypto/confirm.ts';
import type { CryptoContext } from '../../src/domain/crypto/context.ts';
import { digestBytes, digestOf } from '../../src/domain/crypto/digest.ts';
import { MusigNonces } from '../../src/domain/crypto/musigNonces.ts';
import { type PeerBody, peerBody } from '../../src/domain/crypto/peerBodies.ts';
import { peerSpoke } from '../../src/domain/crypto/peers.ts';
import { replyArrived } from '../../src/domain/crypto/replies.ts';
import { type KeyGenRow, keyGens, type SetRow, sets } from '../../src/domain/crypto/rows.ts';
import { fromHex, type Hex, toHex } from '../../src/domain/hex.ts';
import type { BlockRef } from '../../src/domain/observation/fields.ts';
import type { ChainMessage } from '../../src/domain/observation/schemas.ts';
import { thresholdOf } from '../../src/domain/party/window.ts';
import type { PeerMessage } from '../../src/domain/peers/peerMessage.ts';
import { command, reply } from '../../src/domain/processor/messages.ts';
import { musigContext, setKeysMessage } from '../../src/domain/serai/messages.ts';
import { Draft, type Json, type Message, type View } from '../../src/domain/tables.ts';
import { musigAggregateKey } from '../../src/domain/threshold/musig.ts';
import { type Sr25519Pair, secretScalar, sr25519Pair, verifySr25519 } from '../../src/domain/threshold/schnorrkel.ts';
import { topicsOf } from '../../src/domain/topics.ts';
import type { ChainCall } from '../../src/sinks/toChain.ts';
import { ModelProcessor } from './modelProcessor.ts';

export const SET = { network: 'Bitcoin', session: 0 } as const;
const GENESIS: Hex = `0x${'07'.repeat(32)}`;

type SetKeys = Extract<ChainCall, { call: 'set_keys' }>;

class Rows implements View {
  readonly #tables = new Map<string, Map<string, Json>>();

  get(table: string, key: string): Json | undefined {
    return this.#tables.get(table)?.get(key);
  }

  rows(table: string): Iterable<readonly [string, Json]> {
    return [...(this.#tables.get(table) ?? [])];
  }

  put(table: string, key: string, value: Json | undefined): void {
    const rows = this.#tables.get(table) ?? new Map<string, Json>();
    if (value === undefined) rows.delete(key);
    else rows.set(key, value);
    this.#tables.set(table, rows);
  }
}

/** Numbers in [0, 1), the same for the same seed. */
const seeded = (seed: number): (() => number) => {
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** What a member sends instead of a message: nothing, the same, or other ones. */
export type Fault = (said: PeerBody, to: Hex) => readonly PeerBody[];

export interface KeyGenMember {
  readonly key: Hex;
  readonly pair: Sr25519Pair;
  readonly rows: Rows;
  readonly processor: ModelProcessor;
  context: CryptoContext;
  fault?: Fault | undefined;
  /** Chain and replies wait in their order. */
  readonly lanes: { readonly chain: (() => void)[]; readonly replies: (() => void)[] };
}

export interface NetworkOptions {
  readonly seed: number;
  /** Key shares of each validator. */
  readonly weights: readonly number[];
  /** Makes blocks while messages are on their way, this often. */
  readonly hurry?: number;
}

/** Key generation acts upon bodies alone; signatures are checked before (understandPeer). */
const UNSIGNED = { genesis: `0x${'00'.repeat(32)}`, id: 'x', signature: `0x${'00'.repeat(64)}` } as const;

/** Coordinators' crypto decisions joined in memory: what peers say comes in any order and more than once, time is blocks. */
export class KeyGenNetwork {
  readonly members: KeyGenMember[] = [];
  readonly reports: (Message & { readonly by: Hex })[] = [];
  readonly said: { readonly from: Hex; readonly body: PeerBody }[] = [];
  readonly #draw: () => number;
  readonly #options: NetworkOptions;
  readonly #peers: (() => void)[] = [];
  /** `set_keys` as the chain took it. */
  taken: SetKeys | undefined;
  height = -1;
  #told = false;

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.#draw = seeded(options.seed);
    options.weights.forEach((_, at) => {
      this.#join(sr25519Pair(fromHex(digestOf(['validator', options.seed, at]))));
    });
    const [block, participants] = [this.#place(), this.#participants()];
    this.#block([
      { type: 'serai.validator-sets.participants.v1', data: { ...block, set: SET, participants } },
      { type: 'serai.validator-sets.new-set.v1', data: { ...block, set: SET } },
    ]);
  }

  /** Moves until the chain has keys and every member has heard of them, or `blocks` were made. */
  run(blocks = 4000): void {
    while (this.height < blocks && !(this.#told && this.#idle())) this.step();
  }

  /** Delivers one thing that waits, drawn; where nothing waits, time goes on. */
  step(): void {
    const lanes = [this.#peers, ...this.members.flatMap(({ lanes: { chain, replies } }) => [chain, replies])].filter(
      (lane) => lane.length > 0,
    );
    const lane = lanes[Math.floor(this.#draw() * lanes.length)];
    if (lane === undefined) for (let block = 0; block < 10; block += 1) this.advance();
    else if (this.#draw() < (this.#options.hurry ?? 0)) this.advance();
    if (lane === this.#peers) lane.splice(Math.floor(this.#draw() * lane.length), 1)[0]?.();
    else lane?.shift()?.();
  }

  /** The process of a member dies and starts again: nonces that were in memory only are gone. */
  restart(at: number): void {
    const member = this.member(at);
    member.context = { ...member.context, musig: new MusigNonces(secretScalar(member.pair.secretKey)) };
    this.#decide(member, (draft) => {
      reopenRounds(draft, member.context);
    });
  }

  member(at: number): KeyGenMember {
    const member = this.members[at];
    if (member === undefined) throw new Error(`there is no member ${String(at)}`);
    return member;
  }

  /** Hands a message to a member as if another had sent it. */
  say(from: Hex, to: KeyGenMember, body: PeerBody): void {
    this.#peers.push(() => {
      this.#decide(to, (draft) => {
        peerSpoke(draft, to.context, { ...UNSIGNED, kind: body.kind, from, to: to.context.self, body: body.body }, body);
      });
    });
  }

  setOf(at: number): SetRow {
    const row = sets.get(this.member(at).rows, 'Bitcoin/0');
    if (row === undefined) throw new Error(`member ${String(at)} knows no set`);
    return row;
  }

  /** The set as the chain made it. */
  row(): SetRow {
    let next = 1;
    const members = this.members.map(({ key }, at) => ({
      validator: key,
      participants: Array.from({ length: this.#options.weights[at] ?? 1 }, () => next++),
    }));
    const n = next - 1;
    return { set: SET, anchor: { number: 0, hash: this.#hashAt(0) }, members, n, t: thresholdOf(n), mine: [], state: 'keygen' };
  }

  attemptsOf(at: number): KeyGenRow[] {
    return [...keyGens.rows(this.member(at).rows)].map(([, row]) => row);
  }

  evidence(): string[] {
    return this.reports.filter(({ type }) => type === 'serai.report.evidence.v1').map(({ data }) => (data as { code: string }).code);
  }

  /** A Serai block, with `set_keys` in it where it was submitted. */
  advance(): void {
    const { taken } = this;
    if (taken === undefined || this.#told) {
      this.#block([]);
      return;
    }
    this.#told = true;
    const place = this.#place();
    this.#block([
      ...taken.removed.map(
        (publicKey): ChainMessage => ({
          type: 'serai.validator-sets.participant-removed.v1',
          data: { ...place, set: SET, removed: { address: publicKey, publicKey } },
        }),
      ),
      { type: 'serai.validator-sets.key-gen.v1', data: { ...place, set: SET, keyPair: taken.keyPair } },
    ]);
  }

  #idle(): boolean {
    return this.#peers.length === 0 && this.members.every(({ lanes }) => lanes.chain.length === 0 && lanes.replies.length === 0);
  }

  #join(pair: Sr25519Pair): void {
    const key = toHex(pair.publicKey);
    const context: CryptoContext = {
      self: key,
      genesisHash: GENESIS,
      networks: ['Bitcoin'],
      topics: topicsOf('x'),
      sign: (message) => modelSignature(key, message),
      verify: (publicKey, message, signature) => toHex(modelSignature(toHex(publicKey), message)) === toHex(signature),
      isLive: () => true,
      musig: new MusigNonces(secretScalar(pair.secretKey)),
    };
    const lanes = { chain: [], replies: [] };
    this.members.push({ key, pair, context, rows: new Rows(), processor: new ModelProcessor(key), lanes });
  }

  #participants(): { address: string; publicKey: Hex; weight: number }[] {
    return this.members.map(({ key }, at) => ({ address: key, publicKey: key, weight: this.#options.weights[at] ?? 1 }));
  }

  #place(): { block: BlockRef; event: { index: number; extrinsic: null } } {
    const number = this.height + 1;
    return { block: { number, hash: this.#hashAt(number) }, event: { index: 0, extrinsic: null } };
  }

  #hashAt(number: number): Hex {
    return digestOf([this.#options.seed, number]);
  }

  #block(messages: readonly ChainMessage[]): void {
    const { number, hash } = this.#place().block;
    this.height = number;
    const whole: ChainMessage = {
      type: 'serai.chain.block.v1',
      data: { number, hash, parentHash: GENESIS, stateRoot: GENESIS, extrinsicsRoot: GENESIS, time: number * 6000 },
    };
    for (const member of this.members)
      member.lanes.chain.push(() => {
        this.#decide(member, (draft) => {
          for (const message of [...messages, whole]) chainMessageArrived(draft, member.context, message);
        });
      });
  }

  #decide(member: KeyGenMember, decide: (draft: Draft) => void): void {
    const draft = new Draft(member.rows);
    decide(draft);
    const { changes, messages, deeds } = draft.decision();
    for (const { table, key, value } of changes) member.rows.put(table, key, value);
    for (const message of messages) this.#route(member, message);
    // Who keeps something to itself does not submit what it alone could complete.
    if (member.fault === undefined) for (const { deed } of deeds) this.#submit(deed as unknown as ChainCall);
  }

  #route(member: KeyGenMember, message: Message): void {
    const topics = topicsOf('x');
    if (message.topic === topics.reports) this.reports.push({ ...message, by: member.key });
    if (message.topic === topics.commands('Bitcoin')) {
      const told = command.parse({ type: message.type, data: message.data });
      for (const answer of member.processor.handle(told).map((each) => reply.parse(each)))
        member.lanes.replies.push(() => {
          this.#decide(member, (draft) => {
            replyArrived(draft, member.context, 'Bitcoin', answer);
          });
        });
    }
    if (message.type !== 'serai.peer.message.v1') return;
    const { kind, body, to } = message.data as unknown as PeerMessage;
    const receiver = this.members.find(({ key }) => key === to);
    const told = peerBody.parse({ kind, body });
    if (receiver === undefined) throw new Error(`nobody is ${to}`);
    for (const each of member.fault?.(told, to) ?? [told]) {
      this.said.push({ from: member.key, body: each });
      this.say(member.key, receiver, each);
      if (this.#draw() < 0.2) this.say(member.key, receiver, each);
    }
  }

  /** The chain takes what the real one would (reference serai.md §b.14), the first of it. */
  #submit(call: ChainCall): void {
    if (call.call !== 'set_keys') return;
    const weightOf = (key: Hex): number => this.#options.weights[this.members.findIndex((member) => member.key === key)] ?? 0;
    if (new Set(call.removed).size !== call.removed.length) throw new Error('Custom(2)');
    const signers = this.members.map(({ key }) => key).filter((key) => !call.removed.includes(key));
    const sum = (keys: readonly Hex[]): number => keys.reduce((total, key) => total + weightOf(key), 0);
    if (sum(signers) < 2 * sum(call.removed) + 1) throw new Error('Custom(3)');
    const keys = { ristretto: fromHex(call.keyPair.substrate), external: fromHex(call.keyPair.network) };
    const message = setKeysMessage(SET, call.removed.map(fromHex), keys);
    if (!verifySr25519(musigAggregateKey(musigContext(SET), signers.map(fromHex)), message, fromHex(call.signature)))
      throw new Error('BadProof');
    this.taken ??= call;
  }
}

/** Stands for a signature where its mathematics do not matter: 64 bytes of a hash over key and message. */
const modelSignature = (key: Hex, message: Uint8Array): Uint8Array => {
  const digest = fromHex(digestOf([key, digestBytes(message)]));
  return Uint8Array.from([...digest, ...digest]);
};
