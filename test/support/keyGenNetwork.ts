import { chainMessageArrived } from '../../src/domain/crypto/chainEvents.ts';
import { reopenRounds } from '../../src/domain/crypto/confirm.ts';
import type { CryptoContext } from '../../src/domain/crypto/context.ts';
import { digestBytes, digestOf } from '../../src/domain/crypto/digest.ts';
import { type Musig, MusigSigner } from '../../src/domain/crypto/musigSigner.ts';
import type { KeyGenParty, PeerBody } from '../../src/domain/crypto/peerBodies.ts';
import { replyArrived } from '../../src/domain/crypto/replies.ts';
import { keyGens, parties, type SetRow, sets } from '../../src/domain/crypto/rows.ts';
import { understandPeer } from '../../src/domain/crypto/understand.ts';
import { fromHex, type Hex, toHex } from '../../src/domain/hex.ts';
import type { BlockRef } from '../../src/domain/observation/fields.ts';
import type { ChainMessage } from '../../src/domain/observation/schemas.ts';
import { thresholdOf } from '../../src/domain/party/window.ts';
import { type PeerMessage, signPeerMessage } from '../../src/domain/peers/peerMessage.ts';
import { type Command, command, reply } from '../../src/domain/processor/messages.ts';
import type { TopicRecord } from '../../src/domain/record.ts';
import { musigContext, setKeysMessage } from '../../src/domain/serai/messages.ts';
import { Draft, type Message } from '../../src/domain/tables.ts';
import { musigAggregateKey } from '../../src/domain/threshold/musig.ts';
import { type Sr25519Pair, secretScalar, sr25519Pair, verifySr25519 } from '../../src/domain/threshold/schnorrkel.ts';
import { topicsOf } from '../../src/domain/topics.ts';
import type { ChainCall } from '../../src/sinks/toChain.ts';
import type { Crash, Side } from './crash.ts';
import { ModelMusig, modelMusigVerify } from './modelMusig.ts';
import { ModelProcessor } from './modelProcessor.ts';
import { ModelRows } from './modelRows.ts';
import { seeded } from './seeded.ts';

export const SET = { network: 'Bitcoin', session: 0 } as const;
const GENESIS: Hex = `0x${'07'.repeat(32)}`;

const TOPICS = topicsOf('x');
const COMMANDS = TOPICS.commands('Bitcoin');

type SetKeys = Extract<ChainCall, { call: 'set_keys' }>;

/** What a member sends instead of a message: nothing, the same, or other ones. */
export type Fault = (said: PeerBody, to: Hex) => readonly PeerBody[];

type Act = () => void;

export interface KeyGenMember {
  readonly key: Hex;
  readonly pair: Sr25519Pair;
  readonly rows: ModelRows;
  readonly processor: ModelProcessor;
  context: CryptoContext;
  fault?: Fault | undefined;
  /** Chain, commands and replies wait in their order. */
  readonly lanes: { readonly chain: Act[]; readonly commands: Act[]; readonly replies: Act[] };
  /** Commits of its coordinator, and of its processor. */
  readonly steps: Record<Side, number>;
}

export interface NetworkOptions {
  readonly seed: number;
  /** Draws what comes next; the validators are drawn by `seed`. */
  readonly order?: number;
  /** Key shares of each validator. */
  readonly weights: readonly number[];
  /** Makes blocks while messages are on their way, this often. */
  readonly hurry?: number;
  /** Digests in place of MuSig and of the validators' keys, where mathematics do not matter. */
  readonly model?: boolean;
  readonly crash?: Crash;
}

const NO_RECORD: TopicRecord = {
  attributes: { id: 'x', source: 'x', type: 'x', time: '', datacontenttype: '', sequence: 1n, previoushash: '0x', epoch: 1 },
  data: new Uint8Array(),
};

/** Coordinators' crypto decisions joined in memory: what peers say comes in any order and more than once, time is blocks. */
export class KeyGenNetwork {
  readonly members: KeyGenMember[] = [];
  readonly reports: (Message & { readonly by: Hex })[] = [];
  readonly said: { readonly from: Hex; readonly to: Hex; readonly body: PeerBody }[] = [];
  readonly #draw: () => number;
  readonly #options: NetworkOptions;
  readonly #byKey: ReadonlyMap<Hex, KeyGenMember>;
  readonly #peers: Act[] = [];
  /** The members' lanes in which something waits. */
  readonly #busy: Act[][] = [];
  /** What members heard of each other, and how long they took to act on it: for the figures. */
  readonly heard = { messages: 0, milliseconds: 0 };
  /** `set_keys` as the chain took it. */
  taken: SetKeys | undefined;
  height = -1;
  #told = false;

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.#draw = seeded(options.order ?? options.seed);
    options.weights.forEach((_, at) => {
      this.#join(this.#pairOf(digestOf(['validator', options.seed, at])));
    });
    this.#byKey = new Map(this.members.map((member) => [member.key, member]));
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
    const lanes = this.#busy.length + (this.#peers.length > 0 ? 1 : 0);
    const place = Math.floor(this.#draw() * lanes);
    if (lanes === 0) for (let block = 0; block < 10; block += 1) this.advance();
    else if (this.#draw() < (this.#options.hurry ?? 0)) this.advance();
    const act = this.#busy[place] === undefined ? this.#anyOfPeers() : this.#firstOf(place);
    act?.();
  }

  #anyOfPeers(): Act | undefined {
    const place = Math.floor(this.#draw() * this.#peers.length);
    const last = this.#peers.pop();
    const act = this.#peers[place] ?? last;
    if (act !== last && last !== undefined) this.#peers[place] = last;
    return act;
  }

  #firstOf(place: number): Act | undefined {
    const lane = this.#busy[place];
    const act = lane?.shift();
    const last = lane?.length === 0 ? this.#busy.pop() : undefined;
    if (last !== undefined && last !== lane) this.#busy[place] = last;
    return act;
  }

  #queue(lane: Act[], act: Act): void {
    if (lane.length === 0) this.#busy.push(lane);
    lane.push(act);
  }

  /** The process of a member dies and starts again: nonces that were in memory only are gone. */
  restart(at: number): void {
    this.#restart(this.member(at));
  }

  #restart(member: KeyGenMember): void {
    member.context = { ...member.context, musig: this.#musigOf(member) };
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
  say(from: Hex, to: KeyGenMember, said: PeerBody): void {
    this.#hear(to, this.signed(from, to.key, said));
  }

  /** A message as a member would sign it. */
  signed(from: Hex, to: Hex, { kind, body }: PeerBody): PeerMessage {
    return signPeerMessage({ kind, from, to, genesis: GENESIS, id: 'x', body }, (bytes) => modelSignature(from, bytes));
  }

  #hear(member: KeyGenMember, message: PeerMessage): void {
    this.#peers.push(() => {
      const began = performance.now();
      this.#decide(member, understandPeer(member.context)(NO_RECORD, message));
      this.heard.milliseconds += performance.now() - began;
      this.heard.messages += 1;
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

  /** The parties a member has certificates of, by attempt. */
  partiesOf(at: number): KeyGenParty[] {
    return [...parties.rows(this.member(at).rows)].map(([, party]) => party);
  }

  /** How many attempts a member remembers. */
  remembered(at: number): number {
    return [...keyGens.rows(this.member(at).rows)].length;
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
    return this.#peers.length === 0 && this.#busy.length === 0;
  }

  #pairOf(seed: Hex): Sr25519Pair {
    return this.#options.model === true ? { publicKey: fromHex(seed), secretKey: fromHex(seed) } : sr25519Pair(fromHex(seed));
  }

  #musigOf({ key, pair }: Pick<KeyGenMember, 'key' | 'pair'>): Musig {
    return this.#options.model === true ? new ModelMusig(key) : new MusigSigner(secretScalar(pair.secretKey));
  }

  #join(pair: Sr25519Pair): void {
    const key = toHex(pair.publicKey);
    const context: CryptoContext = {
      self: key,
      genesisHash: GENESIS,
      networks: ['Bitcoin'],
      topics: TOPICS,
      sign: (message) => modelSignature(key, message),
      verify: (publicKey, message, signature) => toHex(modelSignature(toHex(publicKey), message)) === toHex(signature),
      isLive: () => true,
      musig: this.#musigOf({ key, pair }),
    };
    const lanes = { chain: [], commands: [], replies: [] };
    const steps = { coordinator: 0, processor: 0 };
    this.members.push({ key, pair, context, rows: new ModelRows(), processor: new ModelProcessor(key), lanes, steps });
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
      this.#queue(member.lanes.chain, () => {
        this.#decide(member, (draft) => {
          for (const message of [...messages, whole]) chainMessageArrived(draft, member.context, message);
        });
      });
  }

  /** Counts a step of a member's coordinator or processor; tells whether that is to die in it, and when. */
  #crashes(member: KeyGenMember, side: Side): Crash['when'] | undefined {
    member.steps[side] += 1;
    const { crash } = this.#options;
    if (crash === undefined || this.members[crash.member] !== member) return undefined;
    return crash.side === side && crash.step === member.steps[side] ? crash.when : undefined;
  }

  #decide(member: KeyGenMember, decide: (draft: Draft) => void): void {
    const crash = this.#crashes(member, 'coordinator');
    const draft = new Draft(member.rows);
    decide(draft);
    if (crash === 'before') {
      // What was decided is lost with the memory; what was read is read again.
      this.#restart(member);
      this.#decide(member, decide);
      return;
    }
    const { changes, messages, deeds } = draft.decision();
    for (const { table, key, value } of changes) member.rows.put(table, key, value);
    for (const message of messages) this.#route(member, message);
    // Who keeps something to itself does not submit what it alone could complete.
    if (member.fault === undefined) for (const { deed } of deeds) this.#submit(deed as unknown as ChainCall);
    if (crash !== 'after') return;
    // Rows of the outbox that were sent, and are not known to be, are sent again.
    for (const message of messages) if (message.type === 'serai.peer.message.v1') this.#route(member, message);
    this.#restart(member);
  }

  #command(member: KeyGenMember, told: Command): void {
    const crash = this.#crashes(member, 'processor');
    if (crash === 'before') {
      this.#command(member, told);
      return;
    }
    const answers = member.processor.handle(told);
    if (crash === 'after') {
      // Its rows stand, its answer was not written yet: the command is read again.
      this.#command(member, told);
      return;
    }
    for (const answer of answers.map((each) => reply.parse(each)))
      this.#queue(member.lanes.replies, () => {
        this.#decide(member, (draft) => {
          replyArrived(draft, member.context, 'Bitcoin', answer);
        });
      });
  }

  /** What a member sends instead of a message. A word of its own that it keeps, or bends, it does not relay either. */
  #bent({ key, fault }: KeyGenMember, body: PeerBody, to: Hex): readonly PeerBody[] {
    if (fault === undefined) return [body];
    if (body.kind === 'keygen.relay' && body.body.message.from === key) {
      const own = { kind: body.body.message.kind, body: body.body.message.body } as PeerBody;
      if (!fault(own, to).includes(own)) return [];
    }
    return fault(body, to);
  }

  #route(member: KeyGenMember, message: Message): void {
    if (message.topic === TOPICS.reports) this.reports.push({ ...message, by: member.key });
    if (message.topic === COMMANDS) {
      const told = command.parse({ type: message.type, data: message.data });
      this.#queue(member.lanes.commands, () => {
        this.#command(member, told);
      });
    }
    if (message.type !== 'serai.peer.message.v1') return;
    const told = message.data as unknown as PeerMessage;
    const receiver = this.#byKey.get(told.to);
    if (receiver === undefined) throw new Error(`nobody is ${told.to}`);
    const body = { kind: told.kind, body: told.body } as PeerBody;
    for (const each of this.#bent(member, body, told.to)) {
      this.said.push({ from: member.key, to: told.to, body: each });
      for (let times = this.#draw() < 0.2 ? 2 : 1; times > 0; times -= 1)
        if (each === body) this.#hear(receiver, told);
        else this.say(member.key, receiver, each);
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
    if (!this.#isSigned(call, signers.map(fromHex))) throw new Error('BadProof');
    this.taken ??= call;
  }

  #isSigned({ keyPair, removed, signature }: SetKeys, signers: readonly Uint8Array[]): boolean {
    const keys = { ristretto: fromHex(keyPair.substrate), external: fromHex(keyPair.network) };
    const message = setKeysMessage(SET, removed.map(fromHex), keys);
    return this.#options.model === true
      ? modelMusigVerify(signers, message, signature)
      : verifySr25519(musigAggregateKey(musigContext(SET), signers), message, fromHex(signature));
  }
}

/** Stands for a signature where its mathematics do not matter: 64 bytes of a hash over key and message. */
const modelSignature = (key: Hex, message: Uint8Array): Uint8Array => {
  const digest = fromHex(digestOf([key, digestBytes(message)]));
  return Uint8Array.from([...digest, ...digest]);
};
