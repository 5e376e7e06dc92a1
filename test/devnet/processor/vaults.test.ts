import { describe, expect, it } from 'vitest';
import type { ExternalBlock } from '../../../src/devnet/processor/externalBlock.ts';
import { type ExternalChain, openExternalChain } from '../../../src/devnet/processor/externalChain.ts';
import { forwardedBy } from '../../../src/devnet/processor/payments.ts';
import { openProcessor, type Processor } from '../../../src/devnet/processor/processor.ts';
import { LOOKAHEAD } from '../../../src/devnet/processor/vaults.ts';
import { fromHex, type Hex, toHex } from '../../../src/domain/hex.ts';
import type { Command, ExternalObservation, Reply } from '../../../src/domain/processor/messages.ts';
import { devAccount, signSr25519 } from '../../../src/domain/threshold/schnorrkel.ts';
import { openMemoryStore } from '../../../src/drivers/memory/memoryStore.ts';
import { seeded } from '../../support/seeded.ts';

const SEEDS = process.env['SEED'] === undefined ? [1, 2, 3, 4, 5, 6] : [Number(process.env['SEED'])];

const GENESIS: Hex = `0x${'07'.repeat(32)}`;
const NONE: Hex = `0x${'00'.repeat(32)}`;
/** Whose keys the vaults are under, by session. */
const VAULTS = ['Alice', 'Bob', 'Charlie'].map(devAccount);
const keyOf = (session: number): Hex => toHex(VAULTS[session]?.publicKey ?? new Uint8Array());

const openOn = (chain: ExternalChain): Promise<Processor> =>
  openProcessor({
    store: openMemoryStore(),
    network: 'Bitcoin',
    genesisHash: GENESIS,
    validator: NONE,
    chain,
    random: (n) => new Uint8Array(n),
  });

/** What a processor was told and saw, each in its order. */
interface History {
  readonly commands: Command[];
  readonly replies: (readonly Reply[])[];
  readonly blocks: ExternalBlock[];
  readonly observations: (readonly ExternalObservation[])[];
}

/** A network's history: users pay in and burn, each session's key follows the one before, every plan is signed and paid at some time. */
const live = async (seed: number): Promise<History & { readonly forwards: number }> => {
  const draw = seeded(seed);
  const chain = await openExternalChain({ store: openMemoryStore(), network: 'Bitcoin', mining: 'on-tick' });
  for (const session of VAULTS.keys()) await chain.openVault(`Bitcoin/${String(session)}`, keyOf(session));
  const processor = await openOn(chain);
  const history: History = { commands: [], replies: [], blocks: [], observations: [] };
  const proposed: { readonly id: number; readonly block: Hex }[] = [];
  const unpaid: { readonly plan: Hex; readonly message: Hex; readonly session: number }[] = [];
  let latest = NONE;
  let confirmed = 0;
  let forwards = 0;

  const tell = async (command: Command): Promise<void> => {
    const replies = await processor.handle(command);
    history.commands.push(command);
    history.replies.push(replies);
    for (const { type, data } of replies)
      if (type === 'serai.substrate.block-ack.v1')
        for (const { set, id, message } of data.plans) {
          unpaid.push({ plan: id, message, session: set.session });
          if (forwardedBy(message) !== undefined) forwards += 1;
        }
  };
  const confirm = (): Promise<void> => {
    const keyPair = { substrate: keyOf(confirmed), network: keyOf(confirmed) };
    const set = { network: 'Bitcoin', session: confirmed } as const;
    confirmed += 1;
    const context = { seraiTime: '1', latestFinalizedBlock: latest };
    return tell({ type: 'serai.substrate.confirm-key-pair.v1', data: { context, set, keyPair } });
  };
  const seraiBlock = (burns: number): Promise<void> => {
    const number = history.commands.length + 1;
    const executed = proposed.splice(0, Math.floor(draw() * (proposed.length + 1)));
    latest = executed.at(-1)?.block ?? latest;
    const burn = (at: number) => ({ address: toHex(Uint8Array.of(at)), data: null, coin: 'Bitcoin', amount: String(number) });
    return tell({
      type: 'serai.substrate.block.v1',
      data: {
        context: { seraiTime: '1', latestFinalizedBlock: latest },
        block: { number, hash: toHex(new Uint8Array(32).fill(number % 256)) },
        set: { network: 'Bitcoin', session: 0 },
        burns: Array.from({ length: burns }, (_, at) => burn(at)),
        batches: executed.map(({ id }) => id),
      },
    });
  };
  const externalBlock = async (): Promise<void> => {
    const account = devAccount('Eve').publicKey;
    if (draw() < 0.6)
      await chain.deposit({ amount: 5n, instruction: { tag: 'Transfer', address: account } }, String(history.blocks.length));
    for (const { plan, message, session } of unpaid.splice(0, Math.floor(draw() * (unpaid.length + 1))))
      await chain.broadcast({ plan, message, signature: signed(session, message) });
    const block = await chain.tick();
    const observations = await processor.observe(block);
    history.blocks.push(block);
    history.observations.push(observations);
    for (const { type, data } of observations) if (type === 'serai.external.batch.v1') proposed.push({ id: data.id, block: data.block });
  };

  await confirm();
  for (let step = 0; step < 160; step += 1) {
    const behind = history.blocks.findIndex(({ hash }) => hash === latest) + 1;
    const roll = draw();
    if (roll < 0.05 && confirmed < VAULTS.length && confirmed <= forwards + 1) await confirm();
    else if (roll < 0.5 && history.blocks.length < behind + LOOKAHEAD) await externalBlock();
    else await seraiBlock(draw() < 0.4 ? 1 : 0);
  }
  return { ...history, forwards };
};

const signed = (session: number, message: Hex): Hex => {
  const vault = VAULTS[session];
  if (vault === undefined) throw new Error('no such vault');
  return toHex(signSr25519(vault.secretKey, fromHex(message)));
};

/** Another processor hears and sees the same, each in its order, but at its own pace. */
const follow = async (seed: number, { commands, blocks }: History): Promise<Pick<History, 'replies' | 'observations'>> => {
  const draw = seeded(seed);
  const processor = await openOn(await openExternalChain({ store: openMemoryStore(), network: 'Bitcoin', mining: 'on-tick' }));
  const inOrder = async <T, R>(items: readonly T[], each: (item: T) => Promise<R>): Promise<R[]> => {
    const done: R[] = [];
    for (const item of items) {
      for (let pause = Math.floor(draw() * 30); pause > 0; pause -= 1) await Promise.resolve();
      done.push(await each(item));
    }
    return done;
  };
  const [replies, observations] = await Promise.all([
    inOrder(commands, (command) => processor.handle(command)),
    inOrder(blocks, (block) => processor.observe(block)),
  ]);
  return { replies, observations };
};

describe.each(SEEDS)('a vault and the next one, SEED=%i', (seed) => {
  it('are the same to every processor, at whatever pace it hears of either chain', async () => {
    const history = await live(seed);
    expect(history.forwards).toBeGreaterThan(0);
    for (const pace of [11, 12, 13]) {
      const { replies, observations } = await follow(seed * 100 + pace, history);
      expect(replies).toEqual(history.replies);
      expect(observations).toEqual(history.observations);
    }
  });

  it('pay each burn once, the first only before it is forwarded', async () => {
    const { commands, replies, observations } = await live(seed);
    const plans = replies.flat().flatMap(({ type, data }) => (type === 'serai.substrate.block-ack.v1' ? data.plans : []));
    const payments = plans.filter(({ message }) => forwardedBy(message) === undefined);
    const burns = commands.flatMap(({ type, data }) => (type === 'serai.substrate.block.v1' ? data.burns : []));
    expect(payments.length).toBeLessThanOrEqual(burns.length);
    expect(new Set(plans.map(({ id }) => id)).size).toBe(plans.length);
    const sessions = plans.map(({ set }) => set.session);
    expect(sessions).toEqual([...sessions].sort((a, b) => a - b));
    for (const [at, { set, message }] of plans.entries())
      if (forwardedBy(message) !== undefined) expect(plans.slice(at + 1).every((later) => later.set.session > set.session)).toBe(true);
    const batches = observations.flat().flatMap(({ type, data }) => (type === 'serai.external.batch.v1' ? [data] : []));
    expect(batches.map(({ id }) => id)).toEqual(batches.map((_, at) => at));
    const signers = batches.map(({ session }) => session);
    expect(signers).toEqual([...signers].sort((a, b) => a - b));
  });
});
