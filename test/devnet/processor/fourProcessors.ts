import { blake2b } from '@noble/hashes/blake2.js';
import { randomBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Store } from '../../../src/data/store.ts';
import { certificateBytes } from '../../../src/devnet/processor/certificate.ts';
import type { ExternalBlock } from '../../../src/devnet/processor/externalBlock.ts';
import { type ExternalChain, openExternalChain } from '../../../src/devnet/processor/externalChain.ts';
import { openProcessor, type Processor } from '../../../src/devnet/processor/processor.ts';
import { fromHex, type Hex, toHex } from '../../../src/domain/hex.ts';
import type { ByParticipant, KeyGenId, SignId } from '../../../src/domain/processor/ids.ts';
import type { Command, PartyCertificate, Reply } from '../../../src/domain/processor/messages.ts';
import { reply as replySchema } from '../../../src/domain/processor/messages.ts';
import { devAccount, type Sr25519Pair, signSr25519, sr25519Pair } from '../../../src/domain/threshold/schnorrkel.ts';
import { openMemoryStore } from '../../../src/drivers/memory/memoryStore.ts';

export const genesisHash = toHex(new Uint8Array(32).fill(7));
export const set = { network: 'Bitcoin', session: 0 } as const;
export const keyGenId: KeyGenId = { set, attempt: 0 };
const context = { seraiTime: '1', latestFinalizedBlock: toHex(new Uint8Array(32)) };

type ReplyOf<T extends Reply['type']> = Extract<Reply, { type: T }>['data'];

/** The data of the first of these replies, which must be of a type. */
export const only = <T extends Reply['type']>(replies: readonly Reply[], type: T): ReplyOf<T> => {
  const [first] = replies;
  if (replies.length !== 1 || first?.type !== type) throw new Error(`expected one ${type}, got ${JSON.stringify(replies)}`);
  return first.data as ReplyOf<T>;
};

export const digestOfMessage = (message: Hex): Hex => toHex(blake2b(fromHex(message), { dkLen: 32 }));

/** Four validators' processors around one external chain; their coordinators are these few functions. */
export class FourProcessors {
  readonly pairs: readonly Sr25519Pair[];
  readonly stores: readonly Store[];
  readonly chain: ExternalChain;
  readonly processors: Processor[] = [];
  groupKey: Hex = '0x';

  private constructor(pairs: readonly Sr25519Pair[], chain: ExternalChain) {
    this.pairs = pairs;
    this.stores = pairs.map(() => openMemoryStore());
    this.chain = chain;
  }

  static async open(count = 4): Promise<FourProcessors> {
    const names = ['Alice', 'Bob', 'Charlie', 'Dave'];
    const pairs = Array.from({ length: count }, (_, at) =>
      names[at] === undefined ? sr25519Pair(randomBytes(32)) : devAccount(names[at]),
    );
    const four = new FourProcessors(pairs, await openExternalChain({ store: openMemoryStore(), network: 'Bitcoin' }));
    for (const at of pairs.keys()) await four.restart(at);
    return four;
  }

  /** Opens a processor anew on its store: what it held in memory is gone. */
  async restart(at: number): Promise<void> {
    const [store, pair] = [this.stores[at], this.pairs[at]];
    if (store === undefined || pair === undefined) throw new Error(`no processor ${String(at)}`);
    const validator = toHex(pair.publicKey);
    this.processors[at] = await openProcessor({
      store,
      network: 'Bitcoin',
      genesisHash,
      validator,
      chain: this.chain,
      random: randomBytes,
    });
  }

  async ask(at: number, command: Command): Promise<readonly Reply[]> {
    const processor = this.processors[at];
    if (processor === undefined) throw new Error(`no processor ${String(at)}`);
    return (await processor.handle(command)).map((each) => replySchema.parse(each));
  }

  certificate(signers: readonly number[] = [...this.pairs.keys()].slice(0, this.t)): PartyCertificate {
    const party = {
      id: keyGenId,
      anchor: { number: 1, hash: toHex(new Uint8Array(32).fill(1)) },
      threshold: this.t,
      members: this.pairs.map(({ publicKey }, at) => ({ validator: toHex(publicKey), participants: [at + 1] })),
      removed: [],
    };
    const bytes = certificateBytes(genesisHash, party);
    const signatures = signers.map((at) => {
      const pair = this.pairs[at];
      if (pair === undefined) throw new Error(`no validator ${String(at)}`);
      return [toHex(pair.publicKey), toHex(signSr25519(pair.secretKey, bytes))] as const;
    });
    return { ...party, signatures: Object.fromEntries(signatures) };
  }

  get t(): number {
    return Math.floor((2 * this.pairs.length) / 3) + 1;
  }

  generate(at: number, certificate = this.certificate()): Command {
    const params = { t: this.t, n: this.pairs.length, i: at + 1 };
    return { type: 'serai.key-gen.generate-key.v1', data: { id: keyGenId, params, shares: 1, certificate } };
  }

  confirm(): Command {
    const keyPair = { substrate: this.groupKey, network: this.groupKey };
    return { type: 'serai.substrate.confirm-key-pair.v1', data: { context, set, attempt: 0, keyPair } };
  }

  /** The whole key generation, up to the confirmed key. `each` may ask again whatever was asked. */
  async makeKey(each: (at: number, command: Command, replies: readonly Reply[]) => Promise<void> = () => Promise.resolve()): Promise<void> {
    const tell = async (at: number, command: Command): Promise<readonly Reply[]> => {
      const replies = await this.ask(at, command);
      await each(at, command, replies);
      return replies;
    };
    const all = [...this.pairs.keys()];
    const commitments: Record<string, Hex> = {};
    for (const at of all) commitments[at + 1] = only(await tell(at, this.generate(at)), 'serai.key-gen.commitments.v1').commitments;
    const shares: ByParticipant[] = [];
    for (const at of all) {
      const replies = await tell(at, { type: 'serai.key-gen.commitments.v1', data: { id: keyGenId, commitments } });
      shares.push(only(replies, 'serai.key-gen.shares.v1').shares);
    }
    for (const at of all) {
      const mine: Record<string, Hex> = {};
      for (const [from, made] of shares.entries()) {
        const share = made[at + 1];
        if (share !== undefined) mine[from + 1] = share;
      }
      const replies = await tell(at, { type: 'serai.key-gen.shares.v1', data: { id: keyGenId, shares: mine } });
      const { keyPair } = only(replies, 'serai.key-gen.generated-key-pair.v1');
      if (at > 0 && keyPair.substrate !== this.groupKey) throw new Error('the processors generated different keys');
      this.groupKey = keyPair.substrate;
    }
    for (const at of all) await tell(at, this.confirm());
  }

  /** One external block, observed by every processor; all must say the same. */
  async observe(block: ExternalBlock): Promise<Awaited<ReturnType<Processor['observe']>>> {
    const said = await Promise.all(this.processors.map((processor) => processor.observe(block)));
    const [first] = said;
    if (first === undefined || said.some((other) => JSON.stringify(other) !== JSON.stringify(first)))
      throw new Error('the processors saw different things');
    return first;
  }

  async blockAt(height: number): Promise<ExternalBlock> {
    const stop = new AbortController();
    let found: ExternalBlock | undefined;
    await this.chain.follow(
      height,
      (block) => {
        found = block;
        stop.abort();
        return Promise.resolve();
      },
      stop.signal,
    );
    if (found === undefined) throw new Error(`no block ${String(height)}`);
    return found;
  }

  /** A burn of one Serai block, acknowledged by every processor with the same plan. */
  async plan(): Promise<{ id: Hex; message: Hex }> {
    const burns = [{ address: toHex(utf8ToBytes('bc1qexample')), data: null, coin: 'Bitcoin', amount: '1000' }];
    const block = { number: 9, hash: toHex(new Uint8Array(32).fill(9)) };
    const command: Command = { type: 'serai.substrate.block.v1', data: { context, block, set, burns, batches: [] } };
    const acks = await Promise.all(this.processors.map((_, at) => this.ask(at, command)));
    const [first] = acks;
    if (first === undefined || acks.some((other) => JSON.stringify(other) !== JSON.stringify(first)))
      throw new Error('the processors made different plans');
    const [plan] = only(first, 'serai.substrate.block-ack.v1').plans;
    if (plan === undefined) throw new Error('no plan');
    return plan;
  }

  /** The preprocesses of a party (indices from 0). */
  async preprocess(id: SignId, digest: Hex, party: readonly number[]): Promise<ByParticipant> {
    const made: Record<string, Hex> = {};
    for (const at of party) {
      const replies = await this.ask(at, { type: 'serai.sign.attempt.v1', data: { id, digest, party: party.map((each) => each + 1) } });
      Object.assign(made, only(replies, 'serai.sign.preprocesses.v1').preprocesses);
    }
    return made;
  }

  /** The shares of a party under a map. */
  async share(id: SignId, digest: Hex, party: readonly number[], preprocesses: ByParticipant): Promise<ByParticipant> {
    const made: Record<string, Hex> = {};
    for (const at of party) {
      const replies = await this.ask(at, { type: 'serai.sign.preprocesses.v1', data: { id, digest, preprocesses } });
      Object.assign(made, only(replies, 'serai.sign.shares.v1').shares);
    }
    return made;
  }
}
