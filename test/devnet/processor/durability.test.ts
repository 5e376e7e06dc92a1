import { randomBytes } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../../src/data/store.ts';
import type { ExternalChain } from '../../../src/devnet/processor/externalChain.ts';
import { openProcessor, type Processor } from '../../../src/devnet/processor/processor.ts';
import { toHex } from '../../../src/domain/hex.ts';
import type { Command } from '../../../src/domain/processor/messages.ts';
import { storeOver } from '../../support/storeOver.ts';
import { digestOfMessage, FourProcessors, genesisHash, only, set } from './fourProcessors.ts';

/** Processor 0 of four, on a store or chain that may fail. */
const reopened = (four: FourProcessors, change: { store?: Store; chain?: ExternalChain }): Promise<Processor> => {
  const [store, pair] = [four.stores[0], four.pairs[0]];
  if (store === undefined || pair === undefined) throw new Error('no processor');
  const validator = toHex(pair.publicKey);
  return openProcessor({ store, chain: four.chain, network: 'Bitcoin', genesisHash, validator, random: randomBytes, ...change });
};

const ready = async () => {
  const four = await FourProcessors.open();
  await four.makeKey();
  const plan = await four.plan();
  const digest = digestOfMessage(plan.message);
  return { four, digest, id: { set, kind: 'plan', id: plan.id, attempt: 0 } as const };
};

const failingWrites = (inner: Store): { store: Store; fail: (failing: boolean) => void } => {
  let failing = false;
  const write: Store['write'] = (batch) => (failing ? Promise.reject(new Error('the disk is full')) : inner.write(batch));
  return {
    store: storeOver(inner, { write }),
    fail: (now) => {
      failing = now;
    },
  };
};

describe('durability', () => {
  it('lets nothing leave that could not be written, and never signs with nonces taken for it', async () => {
    const { four, digest, id } = await ready();
    const inner = four.stores[0];
    if (inner === undefined) throw new Error('no store');
    const { store, fail } = failingWrites(inner);
    const processor = await reopened(four, { store });
    four.processors[0] = processor;

    const attempt: Command = { type: 'serai.sign.attempt.v1', data: { id, digest, party: [1, 2, 3] } };
    fail(true);
    await expect(four.ask(0, attempt)).rejects.toThrow('disk');
    fail(false);
    const map = await four.preprocess(id, digest, [0, 1, 2]);

    const given: Command = { type: 'serai.sign.preprocesses.v1', data: { id, digest, preprocesses: map } };
    fail(true);
    await expect(four.ask(0, given)).rejects.toThrow('disk');
    fail(false);
    only(await four.ask(0, given), 'serai.sign.abstain.v1');
  });

  it('tells the external chain after a restart what it could not tell it before', async () => {
    const { four, digest, id } = await ready();
    const away: ExternalChain = { ...four.chain, height: 0, broadcast: () => Promise.reject(new Error('the chain is away')) };
    const party = [0, 1, 2];
    four.processors[0] = await reopened(four, { chain: away });
    const shares = await four.share(id, digest, party, await four.preprocess(id, digest, party));
    await expect(four.ask(0, { type: 'serai.sign.shares.v1', data: { id, digest, shares } })).rejects.toThrow('away');
    expect(four.chain.height).toBe(0);
    await four.restart(0);
    expect(four.chain.height).toBe(1);
    only(await four.ask(0, { type: 'serai.sign.shares.v1', data: { id, digest, shares } }), 'serai.sign.completed.v1');
    expect(four.chain.height).toBe(1);
  });
});
