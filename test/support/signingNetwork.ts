import { blake2b } from '@noble/hashes/blake2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Order } from '../../src/domain/control/orders.ts';
import { chainMessageArrived } from '../../src/domain/crypto/chainEvents.ts';
import type { CryptoContext } from '../../src/domain/crypto/context.ts';
import { digestBytes, digestOf } from '../../src/domain/crypto/digest.ts';
import { MusigSigner } from '../../src/domain/crypto/musigSigner.ts';
import type { PeerBody } from '../../src/domain/crypto/peerBodies.ts';
import { enterEpoch, resume } from '../../src/domain/crypto/quarantine.ts';
import { replyArrived } from '../../src/domain/crypto/replies.ts';
import { type BlockRef, type SetRow, sets } from '../../src/domain/crypto/rows.ts';
import { signableKnown } from '../../src/domain/crypto/signing.ts';
import { ownEpoch, quarantine } from '../../src/domain/crypto/standing.ts';
import { obeyOrder } from '../../src/domain/crypto/stops.ts';
import { understandPeer } from '../../src/domain/crypto/understand.ts';
import { fromHex, type Hex, toHex } from '../../src/domain/hex.ts';
import type { ChainMessage } from '../../src/domain/observation/schemas.ts';
import { thresholdOf } from '../../src/domain/party/window.ts';
import { type PeerMessage, peerMessageBytes, roomFor } from '../../src/domain/peers/peerMessage.ts';
import { type ByParticipant, type SignId, signableName, signIdName } from '../../src/domain/processor/ids.ts';
import type { Command, Reply } from '../../src/domain/processor/messages.ts';
import type { TopicRecord } from '../../src/domain/record.ts';
import { reportSlashesMessage } from '../../src/domain/serai/messages.ts';
import { Draft, type Json } from '../../src/domain/tables.ts';
import { devAccount, signSr25519, verifySr25519 } from '../../src/domain/threshold/schnorrkel.ts';
import { topicsOf } from '../../src/domain/topics.ts';
import type { Crash, Side } from './crash.ts';
import { ModelRows } from './modelRows.ts';
import { seeded } from './seeded.ts';

export const GENESIS: Hex = `0x${'07'.repeat(32)}`;
const SET = { network: 'Bitcoin', session: 0 } as const;
const TOPICS = topicsOf('x');

const digest = (...words: readonly unknown[]): Hex => digestBytes(utf8ToBytes(words.map(String).join('|')));
const hashOf = (seed: number, number: number): Hex => digest('block', seed, number);

/** A stand-in for signatures: what only the holder of a key could write here. */
const mark = (key: Uint8Array, message: Uint8Array): Uint8Array => blake2b(message, { key, dkLen: 64 });
const verify = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => toHex(mark(key, message)) === toHex(signature);

/** A preprocess of 300 kB. */
const PADDED = `0x${'ab'.repeat(300_000)}`;

/** How a member behaves. */
export type Fault =
  /** It is not there at all. */
  | 'away'
  /** It sends preprocesses and readies, and no share ever. */
  | 'silent'
  /** Its shares are wrong. */
  | 'invalid'
  /** It tells different members different preprocesses. */
  | 'two-faced'
  /** Its readies are so large that two of them have no room in a proposal. */
  | 'padded'
  /** As a convener it proposes parties that are not ready. */
  | 'lying';

export interface SigningNetworkOptions {
  readonly seed: number;
  /** Draws what comes next; the chain is drawn by `seed`. */
  readonly order?: number;
  /** Development accounts whose real signatures the members make, instead of marks. */
  readonly accounts?: readonly string[];
  /** Key shares by validator. */
  readonly weights: readonly number[];
  readonly faults?: Readonly<Record<number, Fault>>;
  /** Part of the messages that are lost on their first way and come later. */
  readonly late?: number;
  /** Part of the steps at which a member's process dies and starts again. */
  readonly crashes?: number;
  /** Part of the steps at which a block comes though messages still wait; without it, one comes when nothing moves. */
  readonly hurry?: number;
  /** Blocks that members' finalized heads may differ by. */
  readonly skew?: number;
  readonly crash?: Crash;
  /** Whether members count their starts and tell each other of them. */
  readonly epochs?: boolean;
}

/** A word of a member on an attempt, as it left. */
export interface Word {
  readonly from: Hex;
  readonly kind: string;
  readonly attempt: string;
  readonly digest: Hex;
}

/** What a member had on its disks at one moment. */
export interface Copy {
  readonly rows: ModelRows;
  readonly processor: ModelState;
  /** How much it had read and sent by then. */
  readonly read: number;
  readonly sent: number;
}

/** What a model processor keeps on its disk. */
interface ModelState {
  readonly attempts: ReadonlyMap<string, ModelAttempt>;
  readonly shares: ReadonlyMap<string, ByParticipant>;
  readonly signed: ReadonlyMap<string, Hex>;
  readonly burnt: number;
  readonly seen: { readonly epoch: number; readonly instance: Hex } | null;
}

/** The preprocess of a participant: of the so manieth attempt that its processor begins. */
export const modelPreprocess = (validator: Hex, attempt: number, participant: number): Hex =>
  digest('preprocess', validator, attempt, participant);

/** The share of whose preprocess this is, under a map of preprocesses. */
export const modelShare = (preprocess: Hex | undefined, map: Hex): Hex => digest('share', preprocess, map);

interface ModelAttempt {
  readonly digest: Hex;
  readonly preprocesses: ByParticipant;
  map?: Hex;
  preprocessesOf?: ByParticipant;
}

/**
 * A processor that keeps every rule of docs/processor-protocol.md, with digests instead of curves: a preprocess is a digest of a fresh
 * number that only this life knows, a share one of that number and the map, a signature a mark under the set's key once t right shares are there.
 */
class ModelProcessor {
  readonly #validator: Hex;
  readonly #mine: readonly number[];
  readonly #t: number;
  readonly #groupKey: Hex;
  #attempts = new Map<string, ModelAttempt>();
  #shares = new Map<string, ByParticipant>();
  #nonces = new Map<string, number>();
  #fresh = 0;
  #signed = new Map<string, Hex>();
  #burnt = -1;
  #seen: ModelState['seen'] = null;
  /** Every share that ever left, by preprocess: one preprocess must not serve two maps. */
  readonly used: Map<string, string>;
  /** What stands under a name is the same for all. */
  readonly #messages: Map<string, Hex>;

  constructor(
    validator: Hex,
    mine: readonly number[],
    { t, groupKey }: { readonly t: number; readonly groupKey: Hex },
    used: Map<string, string>,
    messages: Map<string, Hex>,
  ) {
    this.#validator = validator;
    this.#mine = mine;
    this.#t = t;
    this.#groupKey = groupKey;
    this.used = used;
    this.#messages = messages;
  }

  /** Its process dies: what was in memory only is gone. */
  die(): void {
    this.#nonces = new Map();
  }

  /** What it has on its disk; nonces are not. */
  copy(): ModelState {
    const attempts = new Map([...this.#attempts].map(([name, attempt]) => [name, { ...attempt }]));
    return { attempts, shares: new Map(this.#shares), signed: new Map(this.#signed), burnt: this.#burnt, seen: this.#seen };
  }

  /** It starts from what was on its disk once. */
  restore({ attempts, shares, signed, burnt, seen }: ModelState): void {
    this.die();
    this.#attempts = new Map([...attempts].map(([name, attempt]) => [name, { ...attempt }]));
    [this.#shares, this.#signed, this.#burnt, this.#seen] = [new Map(shares), new Map(signed), burnt, seen];
  }

  /** The coordinator opened an epoch: what was seen of it before goes back. */
  opened(of: { readonly epoch: number; readonly instance: Hex }): Reply {
    const before = this.#seen;
    if (before === null || of.epoch > before.epoch) this.#seen = of;
    return { type: 'serai.epoch.seen.v1', data: { of, before, sequence: '0', height: null } };
  }

  handle({ type, data }: Command): readonly Reply[] {
    switch (type) {
      case 'serai.epoch.burn.v1':
        this.die();
        this.#burnt = Math.max(this.#burnt, data.upTo);
        return [];
      case 'serai.sign.attempt.v1':
        if ((data.start ?? -1) <= this.#burnt) return this.#abstain(data.id, 'it is burnt');
        return this.#attempt(data.id, data.digest, data.party);
      case 'serai.sign.preprocesses.v1':
        return this.#share(data.id, data.digest, data.preprocesses);
      case 'serai.sign.shares.v1':
        return this.#complete(data.id, data.digest, data.shares);
      case 'serai.sign.completed.v1':
        this.#signed.set(signableName(data.id), data.signature);
        return [];
      case 'serai.coordinator.sign-slash-report.v1': {
        const slashes = data.report.map(({ validator, points }) => [fromHex(validator), points] as const);
        const name = signableName({ set: data.set, kind: 'slash-report', id: String(data.number) });
        const message = toHex(reportSlashesMessage(data.set, slashes));
        if ((this.#messages.get(name) ?? message) !== message) throw new Error(`${name}: two reports of one number`);
        this.#messages.set(name, message);
        return [];
      }
      default:
        return [];
    }
  }

  #abstain(id: SignId, reason: string): readonly Reply[] {
    return [{ type: 'serai.sign.abstain.v1', data: { id, reason } }];
  }

  #attempt(id: SignId, of: Hex, party: readonly number[] | undefined): readonly Reply[] {
    const name = signIdName(id);
    const known = this.#attempts.get(name);
    if (known !== undefined) {
      if (known.map === undefined && !this.#nonces.has(name)) return this.#abstain(id, 'the nonces are gone');
      return [{ type: 'serai.sign.preprocesses.v1', data: { id, digest: known.digest, preprocesses: known.preprocesses } }];
    }
    this.#fresh += 1;
    const secret = this.#fresh;
    this.#nonces.set(name, secret);
    const shares = this.#mine.filter((share) => party?.includes(share) ?? true);
    const preprocesses = Object.fromEntries(shares.map((share) => [String(share), modelPreprocess(this.#validator, secret, share)]));
    this.#attempts.set(name, { digest: of, preprocesses });
    return [{ type: 'serai.sign.preprocesses.v1', data: { id, digest: of, preprocesses } }];
  }

  #share(id: SignId, of: Hex, map: ByParticipant): readonly Reply[] {
    const name = signIdName(id);
    const attempt = this.#attempts.get(name);
    if (attempt?.digest !== of) return this.#abstain(id, 'this attempt was not begun here');
    const of2 = digestOf(map);
    if (attempt.map !== undefined) {
      const shares = this.#shares.get(name);
      if (attempt.map !== of2 || shares === undefined) return this.#abstain(id, 'a share was made for another map');
      return [{ type: 'serai.sign.shares.v1', data: { id, digest: of, map: of2, shares } }];
    }
    const mine = Object.keys(map).filter((share) => this.#mine.includes(Number(share)));
    if (Object.keys(map).length !== this.#t || mine.length === 0) return this.#abstain(id, 'the map is not of a party with us');
    if (mine.some((share) => map[share] !== attempt.preprocesses[share])) return this.#abstain(id, 'our preprocess in the map is not ours');
    if (!this.#nonces.delete(name)) return this.#abstain(id, 'the nonces are gone');
    for (const share of mine) {
      const preprocess = map[share] ?? '';
      const before = this.used.get(preprocess);
      if (before !== undefined && before !== `${of}/${of2}`) throw new Error(`${preprocess} was used twice`);
      this.used.set(preprocess, `${of}/${of2}`);
    }
    attempt.map = of2;
    attempt.preprocessesOf = map;
    const shares = Object.fromEntries(mine.map((share) => [share, modelShare(map[share], of2)]));
    this.#shares.set(name, shares);
    return [{ type: 'serai.sign.shares.v1', data: { id, digest: of, map: of2, shares } }];
  }

  #complete(id: SignId, of: Hex, shares: ByParticipant): readonly Reply[] {
    const { preprocessesOf: map, map: ofMap } = this.#attempts.get(signIdName(id)) ?? {};
    if (map === undefined || ofMap === undefined) return this.#abstain(id, 'no share was made in this attempt');
    const wrong = Object.entries(shares).find(([share, bytes]) => bytes !== modelShare(map[share], ofMap));
    if (wrong !== undefined) return [{ type: 'serai.sign.invalid-share.v1', data: { id, participant: Number(wrong[0]) } }];
    const message = this.#messages.get(signableName(id));
    if (message === undefined) return [];
    const signature = this.#signed.get(signableName(id)) ?? toHex(mark(fromHex(this.#groupKey), fromHex(message)));
    this.#signed.set(signableName(id), signature);
    return [{ type: 'serai.sign.completed.v1', data: { id, digest: of, signature } }];
  }
}

type Act = () => void;

export interface Member {
  readonly key: Hex;
  readonly mine: readonly number[];
  readonly fault: Fault | undefined;
  readonly context: CryptoContext;
  rows: ModelRows;
  readonly processor: ModelProcessor;
  /** All it has read so far: topics can be read again. */
  readonly history: [lane: string, act: Act][];
  epoch: number;
  /** How many messages have left it. */
  sent: number;
  /** What waits for this member, each lane in its order. */
  readonly lanes: Map<string, Act[]>;
  /** Commits of its coordinator, and of its processor. */
  readonly steps: Record<Side, number>;
  height: number;
}

export interface Reported {
  readonly by: Hex;
  readonly type: string;
  readonly id: string;
  readonly data: Json;
}

const NO_RECORD: TopicRecord = {
  attributes: { id: 'x', source: 'x', type: 'x', time: '', datacontenttype: '', sequence: 1n, previoushash: '0x', epoch: 1 },
  data: new Uint8Array(),
};

/** The crypto modules of a whole set, joined in memory: every lane keeps its order; which moves next, and when a block comes, is drawn. */
export class SigningNetwork {
  readonly members: readonly Member[];
  readonly n: number;
  readonly t: number;
  readonly reports: Reported[] = [];
  /** Every word on an attempt that ever left a member. */
  readonly said: Word[] = [];
  readonly groupKey = digest('group');
  readonly #draw: () => number;
  readonly #options: SigningNetworkOptions;
  /** Every preprocess that served, with what it served for. */
  readonly used = new Map<string, string>();
  readonly #messages = new Map<string, Hex>();
  readonly #byKey: ReadonlyMap<Hex, Member>;
  /** The lanes in which something waits. */
  readonly #busy: Act[][] = [];
  /** What stands once it was said: signatures, attempts begun, and the words of honest members. Another one in its place fails the run in that very step. */
  readonly #stands = new Map<string, string>();
  /** The honest members that have reported a signature, by signable. */
  readonly #signedBy = new Map<string, Set<Hex>>();
  /** What members heard of each other, and how long they took to act on it: for the figures. */
  readonly heard = { messages: 0, milliseconds: 0 };
  #lives = 0;
  /** Turns that were taken. */
  handled = 0;
  height = 0;
  #handoverAt: number | undefined;
  #retiredAt: number | undefined;
  #newSet: { readonly at: number; readonly session: number } | undefined;
  /** The height of the first block that is of now. */
  liveFrom = 0;

  constructor(options: SigningNetworkOptions) {
    const { seed, weights } = options;
    this.#options = options;
    this.#draw = seeded(options.order ?? seed);
    this.n = weights.reduce((sum, weight) => sum + weight, 0);
    this.t = thresholdOf(this.n);
    let next = 1;
    const members = weights.map((weight, index) => ({
      validator: this.#validatorOf(index),
      participants: Array.from({ length: weight }, () => next++),
    }));
    this.members = members.map(({ validator, participants }, index) => this.#join(index, validator, participants));
    this.#byKey = new Map(this.members.map((member) => [member.key, member]));
    for (const member of this.members) {
      const row: SetRow = {
        set: SET,
        anchor: this.block(0),
        members,
        n: this.n,
        t: this.t,
        mine: member.mine,
        state: 'active',
        keys: { substrate: this.groupKey, network: '0x', block: this.block(0) },
      };
      this.#decide(member, (draft) => {
        sets.put(draft, 'Bitcoin/0', row);
        this.#takeBlock(draft, member, 0);
      });
    }
    if (options.epochs === true) for (const member of this.members) this.start(member);
  }

  /** A member's coordinator starts: it takes the next epoch that its rows know of. */
  start(member: Member, signs: readonly string[] = []): void {
    const own = ownEpoch.get(member.rows, '')?.epoch ?? 0;
    this.#lives += 1;
    this.#enter(member, own + 1, signs);
  }

  #enter(member: Member, epoch: number, signs: readonly string[] = []): void {
    const instance: Hex = `0x${digest('instance', member.key, this.#lives).slice(2, 34)}`;
    member.epoch = epoch;
    this.#decide(member, (draft) => {
      enterEpoch(draft, member.context, { epoch, instance, commands: {}, signs });
    });
    const seen = member.processor.opened({ epoch, instance });
    this.#queue(member, 'replies', () => {
      this.#decide(member, (draft) => {
        replyArrived(draft, member.context, 'Bitcoin', seen);
      });
    });
  }

  /** What a member has on its disks now: a backup, a snapshot of its machine, a copied folder. */
  copyOf(member: Member): Copy {
    return { rows: member.rows.copy(), processor: member.processor.copy(), read: member.history.length, sent: member.sent };
  }

  /**
   * A member starts from what it had on its disks once. `store`: its coordinator's store alone, and its topics show that they know more; what
   * it had read since is read again. `machine`: its processor's and its topics too, so nothing of its own knows better; only the chain is read again.
   */
  restore(member: Member, { rows, processor, read, sent }: Copy, what: 'store' | 'machine'): void {
    const again = member.history.splice(read).filter(([lane]) => what === 'store' || lane === 'chain' || lane === 'external');
    if (what === 'machine')
      for (const [name, lane] of member.lanes) {
        // What the others sent and was not read yet comes again.
        if (name.startsWith('peer/') || name === 'chain' || name === 'external') continue;
        lane.splice(0);
        const place = this.#busy.indexOf(lane);
        if (place >= 0) this.#busy.splice(place, 1);
      }
    member.rows = rows.copy();
    if (what === 'machine') member.processor.restore(processor);
    this.start(member, what === 'store' && member.sent > sent ? ['its topics know more'] : []);
    member.sent = Math.max(member.sent, sent);
    for (const [lane, act] of again) this.#queue(member, lane, act);
  }

  /** The operator orders a member to go on. */
  resume(member: Member, id: string, force = false): void {
    this.#decide(member, (draft) => {
      resume(draft, member.context, { id, force });
    });
  }

  /** Something to sign becomes known to every member's processor, sooner or later. */
  sign(id: string, anchor = 0): void {
    const message = digest('message', id);
    const row = {
      set: SET,
      kind: 'batch',
      id,
      digest: digestBytes(fromHex(message)),
      message,
      anchor: this.block(anchor),
      state: 'open',
    } as const;
    this.#messages.set(signableName(row), message);
    for (const member of this.members)
      this.#queue(member, 'external', () => {
        this.#decide(member, (draft) => {
          signableKnown(draft, member.context, row);
        });
      });
  }

  /** Orders every member something, at once. */
  order(given: Order): void {
    for (const member of this.members)
      this.#decide(member, (draft) => {
        obeyOrder(draft, given);
      });
  }

  /** With the next block the set hands its vault over to the next one. */
  handOver(): void {
    this.#handoverAt = this.height + 1;
  }

  /** With the next block a session begins. */
  beginSession(session: number): void {
    this.#newSet = { at: this.height + 1, session };
  }

  /** With the next block the set is over. */
  retire(): void {
    this.#retiredAt = this.height + 1;
  }

  /** Members that are there and do not lie. */
  get honest(): readonly Member[] {
    return this.members.filter(({ fault }) => fault === undefined);
  }

  /** How many honest members have reported a signature of the signable. */
  signedBy(id: string): number {
    return this.#signedBy.get(`Bitcoin/0/batch/${id}`)?.size ?? 0;
  }

  reported(type: string): Reported[] {
    return this.reports.filter((report) => report.type === type);
  }

  /** Moves until `holds`, making blocks when nothing moves and now and then; throws at a height that should have been enough. */
  until(holds: () => boolean, most: number): void {
    const { crashes = 0, hurry = 0 } = this.#options;
    while (!holds()) {
      if (this.height > most) throw new Error(`SEED=${String(this.#options.seed)}: not reached at height ${String(this.height)}`);
      const act = this.#next();
      if (act === undefined || this.#draw() < hurry) this.advance();
      if (this.#draw() < crashes) this.members[Math.floor(this.#draw() * this.members.length)]?.processor.die();
      act?.();
      this.handled += 1;
    }
  }

  /** Moves until nothing waits; no block is made. */
  settle(): void {
    for (let act = this.#next(); act !== undefined; act = this.#next()) act();
  }

  /** Takes the first of a drawn lane. */
  #next(): Act | undefined {
    const place = Math.floor(this.#draw() * this.#busy.length);
    const lane = this.#busy[place];
    const act = lane?.shift();
    const last = lane?.length === 0 ? this.#busy.pop() : undefined;
    if (last !== undefined && last !== lane) this.#busy[place] = last;
    return act;
  }

  /** A finalized block: members see it when it is their turn, no further behind than `skew`. */
  advance(): void {
    this.height += 1;
    for (const member of this.members) {
      const skew = Math.floor(this.#draw() * (1 + (this.#options.skew ?? 0)));
      const upTo = this.height - skew;
      for (let height = member.height + 1; height <= upTo; height += 1) this.#hearBlock(member, height);
    }
  }

  /** Lets a member hear a message it did not get by itself. */
  say(to: number, message: PeerMessage): void {
    const member = this.members[to];
    if (member !== undefined) this.#hear(member, message);
  }

  /** A message as a member would sign it. */
  signed(from: number, to: number, { kind, body }: PeerBody): PeerMessage {
    const [sender, receiver] = [this.#validatorOf(from), this.#validatorOf(to)];
    const message = { kind, from: sender, to: receiver, genesis: GENESIS, id: 'x', body };
    return { ...message, signature: toHex(this.#signer(from, sender)(peerMessageBytes(message))) };
  }

  #join(index: number, key: Hex, mine: readonly number[]): Member {
    const keys = { t: this.t, groupKey: this.groupKey };
    return {
      key,
      mine,
      fault: this.#options.faults?.[index],
      context: {
        self: key,
        genesisHash: GENESIS,
        networks: ['Bitcoin'],
        topics: TOPICS,
        sign: this.#signer(index, key),
        verify: (publicKey, message, signature) =>
          this.#options.accounts !== undefined && toHex(publicKey) !== this.groupKey
            ? verifySr25519(publicKey, message, signature)
            : verify(publicKey, message, signature),
        isLive: (time) => time >= this.liveFrom * 6_000,
        musig: new MusigSigner(new Uint8Array(32).fill(1)),
      },
      rows: new ModelRows(),
      history: [],
      epoch: 0,
      sent: 0,
      processor: new ModelProcessor(key, mine, keys, this.used, this.#messages),
      lanes: new Map(),
      steps: { coordinator: 0, processor: 0 },
      height: 0,
    };
  }

  #validatorOf(index: number): Hex {
    const account = this.#options.accounts?.[index];
    return account === undefined ? digest('validator', index) : toHex(devAccount(account).publicKey);
  }

  #signer(index: number, key: Hex): (message: Uint8Array) => Uint8Array {
    const account = this.#options.accounts?.[index];
    return account === undefined
      ? (message) => mark(fromHex(key), message)
      : (message) => signSr25519(devAccount(account).secretKey, message);
  }

  /** A block of the network's chain. */
  block(number: number): BlockRef {
    return { number, hash: hashOf(this.#options.seed, number) };
  }

  #hearBlock(member: Member, number: number): void {
    member.height = number;
    this.#queue(member, 'chain', () => {
      this.#decide(member, (draft) => {
        this.#takeBlock(draft, member, number);
      });
    });
  }

  #takeBlock(draft: Draft, member: Member, number: number): void {
    const zero: Hex = `0x${'00'.repeat(32)}`;
    const event = { block: this.block(number) };
    if (number === this.#handoverAt)
      chainMessageArrived(draft, member.context, {
        type: 'serai.validator-sets.accepted-handover.v1',
        data: { ...event, set: { ...SET, session: 1 } },
      } as ChainMessage);
    if (number === this.#retiredAt)
      chainMessageArrived(draft, member.context, {
        type: 'serai.validator-sets.set-retired.v1',
        data: { ...event, set: SET },
      } as ChainMessage);
    if (number === this.#newSet?.at)
      chainMessageArrived(draft, member.context, {
        type: 'serai.validator-sets.new-set.v1',
        data: { ...event, set: { ...SET, session: this.#newSet.session } },
      } as ChainMessage);
    const data = { ...this.block(number), parentHash: zero, stateRoot: zero, extrinsicsRoot: zero, time: number * 6_000 };
    chainMessageArrived(draft, member.context, { type: 'serai.chain.block.v1', data });
  }

  #queue(member: Member, name: string, act: Act): void {
    if (member.fault === 'away') return;
    const lane = member.lanes.get(name) ?? [];
    if (lane.length === 0) this.#busy.push(lane);
    lane.push(() => {
      member.history.push([name, act]);
      act();
    });
    member.lanes.set(name, lane);
  }

  /** Counts a step of a member's coordinator or processor; tells whether that is to die in it, and when. */
  #crashes(member: Member, side: Side): Crash['when'] | undefined {
    member.steps[side] += 1;
    const { crash } = this.#options;
    if (crash === undefined || this.members[crash.member] !== member) return undefined;
    return crash.side === side && crash.step === member.steps[side] ? crash.when : undefined;
  }

  #decide(member: Member, decide: (draft: Draft) => void): void {
    const crash = this.#crashes(member, 'coordinator');
    const draft = new Draft(member.rows);
    decide(draft);
    if (crash === 'before') {
      // What was decided is lost with the memory; what was read is read again.
      this.#decide(member, decide);
      return;
    }
    const { changes, messages } = draft.decision();
    for (const { table, key, value } of changes) member.rows.put(table, key, value);
    for (const { topic, type, id, data } of messages) {
      if (topic === TOPICS.reports) this.#note(member, { by: member.key, type, id, data });
      else if (topic === TOPICS.commands('Bitcoin')) this.#command(member, { type, data } as unknown as Command);
      else if (type === 'serai.peer.message.v1') this.#send(member, data as unknown as PeerMessage);
    }
    // The module takes an epoch above those that others have seen.
    const floor = quarantine.get(member.rows, '')?.floor ?? 0;
    if (floor >= member.epoch && member.epoch > 0) this.#enter(member, floor + 1);
    if (crash !== 'after') return;
    // Rows of the outbox that were sent, and are not known to be, are sent again.
    for (const { type, data } of messages) if (type === 'serai.peer.message.v1') this.#send(member, data as unknown as PeerMessage);
  }

  #once(name: string, what: string): void {
    const known = this.#stands.get(name);
    if (known !== undefined && known !== what) throw new Error(`SEED=${String(this.#options.seed)}: two different things stand as ${name}`);
    this.#stands.set(name, what);
  }

  #note({ key, fault }: Member, reported: Reported): void {
    this.reports.push(reported);
    const { id, signature, journal } = reported.data as { id?: SignId; signature?: Hex; journal?: { number: number; head: Hex } };
    if (reported.type === 'serai.report.signed.v1' && id !== undefined) this.#once(`signature/${signableName(id)}`, String(signature));
    if (reported.type === 'serai.report.attempt.v1' && id !== undefined && journal !== undefined && this.#options.epochs !== true) {
      this.#once(`begun/${key}/${signIdName(id)}`, journal.head);
      this.#once(`journal/${key}/${String(journal.number)}`, journal.head);
    }
    if (reported.type !== 'serai.report.signed.v1' || fault !== undefined) return;
    const name = reported.id.slice('serai.report.signed.v1/'.length);
    this.#signedBy.set(name, (this.#signedBy.get(name) ?? new Set<Hex>()).add(key));
  }

  #command(member: Member, command: Command): void {
    this.#queue(member, 'commands', () => {
      const crash = this.#crashes(member, 'processor');
      if (crash === 'before') member.processor.die();
      let replies = member.processor.handle(command);
      if (crash === 'after') {
        // Its rows stand, its answer was not written yet: the command is read again.
        member.processor.die();
        replies = member.processor.handle(command);
      }
      for (const reply of replies)
        this.#queue(member, 'replies', () => {
          this.#decide(member, (draft) => {
            replyArrived(draft, member.context, 'Bitcoin', reply);
          });
        });
    });
  }

  #send(member: Member, message: PeerMessage): void {
    member.sent += 1;
    const receiver = this.#byKey.get(message.to);
    const sent = this.#bent(member, message);
    const { id } = message.body as unknown as { readonly id?: SignId };
    if (message.kind.startsWith('sign.') && message.kind !== 'sign.completed' && id !== undefined)
      if (member.fault === undefined) this.#once(`${message.kind}/${member.key}/${signIdName(id)}`, digestOf(message.body));
    if (message.kind.startsWith('sign.') && id !== undefined)
      this.said.push({ from: member.key, kind: message.kind, attempt: signIdName(id), digest: digestOf(message.body) });
    if (receiver === undefined || sent === undefined) return;
    this.#hear(receiver, sent);
    // Links may deliver again what they delivered before.
    if (this.#draw() < (this.#options.late ?? 0)) this.#hear(receiver, sent);
  }

  /** What a member that is at fault sends instead. */
  #bent(member: Member, message: PeerMessage): PeerMessage | undefined {
    const { fault } = member;
    const { kind, body } = message;
    const resign = (other: Json): PeerMessage => {
      const bent = { ...message, body: other as PeerMessage['body'] };
      return { ...bent, signature: toHex(member.context.sign(peerMessageBytes(bent))) };
    };
    const said = body as unknown as Record<string, Json> & {
      readonly shares: Json;
      readonly preprocesses: Record<string, Json>;
      readonly party: number[];
    };
    if (fault === 'silent' && (kind === 'sign.shares' || kind === 'slash.vote')) return undefined;
    if (fault === 'invalid' && kind === 'slash.vote') return resign({ ...said, signature: `0x${'00'.repeat(64)}` });
    if (fault === 'two-faced' && kind === 'slash.points')
      return resign({ ...said, points: { [message.to]: 1 + Math.floor(this.#draw() * 1000) } });
    if (fault === 'lying' && kind === 'slash.proposal')
      return resign({
        ...said,
        inputs: (said['inputs'] as unknown as PeerMessage[]).map((input) => ({
          ...input,
          body: { ...(input.body as object), points: { [message.to]: 4_000_000_000 } },
        })),
      });
    if (fault === 'invalid' && kind === 'sign.shares')
      return resign({ ...said, shares: Object.fromEntries(member.mine.map((share) => [String(share), digest('wrong', share)])) });
    if (fault === 'two-faced' && (kind === 'sign.preprocesses' || kind === 'sign.ready'))
      return resign({
        ...said,
        preprocesses: Object.fromEntries(
          Object.keys(said.preprocesses).map((share) => [share, digest('face', message.to, share, this.#draw())]),
        ),
      });
    if (fault === 'padded' && kind === 'sign.ready')
      return resign({ ...said, preprocesses: Object.fromEntries(member.mine.map((share) => [String(share), PADDED])) });
    if (fault === 'lying' && kind === 'sign.proposal')
      return resign({ ...said, party: said.party.map((share) => (share % this.n) + 1).sort((a, b) => a - b) });
    return message;
  }

  #hear(member: Member, message: PeerMessage): void {
    if (JSON.stringify(message).length > roomFor(message.kind))
      throw new Error(`${message.id}: a ${message.kind} for which links have no room`);
    this.#queue(member, `peer/${message.from}`, () => {
      const began = performance.now();
      this.#decide(member, understandPeer(member.context)(NO_RECORD, message));
      this.heard.milliseconds += performance.now() - began;
      this.heard.messages += 1;
    });
  }
}
