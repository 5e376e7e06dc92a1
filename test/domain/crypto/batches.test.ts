import { blake2b } from '@noble/hashes/blake2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import { batchExecuted, batchProposed, maySignBatch } from '../../../src/domain/crypto/batches.ts';
import type { CryptoContext } from '../../../src/domain/crypto/context.ts';
import { MusigSigner } from '../../../src/domain/crypto/musigSigner.ts';
import { externalObserved, replyArrived } from '../../../src/domain/crypto/replies.ts';
import { networkRow, networks, type SetRow, sets, signables } from '../../../src/domain/crypto/rows.ts';
import { signableKnown } from '../../../src/domain/crypto/signing.ts';
import { type Hex, toHex } from '../../../src/domain/hex.ts';
import { signableName } from '../../../src/domain/processor/ids.ts';
import { Draft } from '../../../src/domain/tables.ts';
import { topicsOf } from '../../../src/domain/topics.ts';

const HASH: Hex = `0x${'11'.repeat(32)}`;
const AT = { number: 7, hash: HASH };

const context: CryptoContext = {
  self: HASH,
  genesisHash: HASH,
  networks: ['Bitcoin'],
  topics: topicsOf('test'),
  sign: () => new Uint8Array(64),
  verify: () => true,
  isLive: () => true,
  musig: new MusigSigner(new Uint8Array(32)),
};

const setRow = (session: number, state: SetRow['state']): SetRow => ({
  set: { network: 'Bitcoin', session },
  anchor: AT,
  members: [{ validator: HASH, participants: [1] }],
  n: 1,
  t: 1,
  mine: [1],
  state,
  keys: { substrate: HASH, network: HASH, block: AT },
});

const open = (): Draft => {
  const draft = new Draft({ get: () => undefined, rows: () => [] });
  sets.put(draft, 'Bitcoin/0', setRow(0, 'active'));
  sets.put(draft, 'Bitcoin/1', setRow(1, 'waiting'));
  return draft;
};

/** SCALE of a batch of one network block, with instructions of these bytes. */
const batchOf = (id: number, instructions: number): Hex => {
  const head = new Uint8Array(5);
  head[0] = 1;
  new DataView(head.buffer).setUint32(1, id, true);
  return toHex(concatBytes(head, new Uint8Array(32).fill(id), Uint8Array.of(4, instructions)));
};

const executed = (id: number, instructions: number) => ({
  network: 'Bitcoin' as const,
  id,
  instructionsHash: toHex(blake2b(Uint8Array.of(4, instructions), { dkLen: 32 })),
  block: toHex(new Uint8Array(32).fill(id)),
  at: AT,
});

const propose = (draft: Draft, id: number, session: number, instructions = id): void => {
  const batch = batchOf(id, instructions);
  const data = { network: 'Bitcoin', session, id, block: toHex(new Uint8Array(32).fill(id)), instructions: 1, batch } as const;
  externalObserved(draft, context, { type: 'serai.external.batch.v1', data });
};

const maySign = (draft: Draft, id: number, session: number): boolean => {
  const set = sets.get(draft, `Bitcoin/${String(session)}`);
  const row = signables.get(draft, signableName({ set: { network: 'Bitcoin', session }, kind: 'batch', id: String(id) }));
  if (set === undefined || row === undefined) throw new Error('not known');
  return maySignBatch(draft, set, row);
};

const sign = (draft: Draft, id: number, session: number): void => {
  const name = signableName({ set: { network: 'Bitcoin', session }, kind: 'batch', id: String(id) });
  const row = signables.get(draft, name);
  if (row !== undefined) signables.put(draft, name, { ...row, state: 'signed', signature: `0x${'22'.repeat(64)}` });
};

const submitted = (draft: Draft): number[] => draft.decision().deeds.map(({ deed }) => (deed as { readonly id: number }).id);
const evidence = (draft: Draft): string[] =>
  draft
    .decision()
    .messages.filter(({ type }) => type === 'serai.report.evidence.v1')
    .map(({ data }) => (data as { readonly code: string }).code);

describe('batches', () => {
  it('are held against the chain in whatever order both are heard of', () => {
    for (const order of [
      ['propose', 'execute'],
      ['execute', 'propose'],
    ]) {
      const draft = open();
      for (const what of order)
        for (const id of [0, 1])
          if (what === 'propose') propose(draft, id, 0);
          else batchExecuted(draft, context, executed(id, id));
      expect(networkRow(draft, 'Bitcoin')).toMatchObject({ verified: 2, latestBlock: executed(1, 1).block });
      expect(evidence(draft)).toEqual([]);
      expect([...signables.rows(draft)].map(([, { state }]) => state)).toEqual(['done', 'done']);
    }
  });

  it.each([
    ['instructions', executed(0, 9)],
    ['block', { ...executed(0, 0), block: HASH }],
  ])('stop the network where the chain has another %s', (_, other) => {
    const draft = open();
    batchExecuted(draft, context, other);
    propose(draft, 0, 0);
    expect(networkRow(draft, 'Bitcoin')).toMatchObject({ verified: 0, halted: 'batch 0 differs on chain' });
    expect(evidence(draft)).toEqual(['batch.differs-on-chain']);
  });

  it('of the first set are signed ahead, and go to the chain in the order of their ids', () => {
    const draft = open();
    for (const id of [0, 1, 2]) propose(draft, id, 0);
    expect([0, 1, 2].map((id) => maySign(draft, id, 0))).toEqual([true, true, true]);
    for (const id of [2, 1]) sign(draft, id, 0);
    batchProposed(draft, context, { network: 'Bitcoin', id: 2, session: 0, batch: batchOf(2, 2) });
    expect(submitted(draft)).toEqual([]);
    sign(draft, 0, 0);
    batchProposed(draft, context, { network: 'Bitcoin', id: 0, session: 0, batch: batchOf(0, 0) });
    expect(submitted(draft)).toEqual([0, 1, 2]);
  });

  it('of a later set wait: its first one for all before it, the others for the first (reference serai.md §c.7)', () => {
    const draft = open();
    propose(draft, 0, 0);
    for (const id of [1, 2, 3]) propose(draft, id, 1);
    expect([1, 2, 3].map((id) => maySign(draft, id, 1))).toEqual([false, false, false]);
    batchExecuted(draft, context, executed(0, 0));
    expect([1, 2, 3].map((id) => maySign(draft, id, 1))).toEqual([true, false, false]);
    batchExecuted(draft, context, executed(1, 1));
    expect([2, 3].map((id) => maySign(draft, id, 1))).toEqual([true, true]);
  });

  it('of sets we are not in are held against the chain as well, and passed over', () => {
    const draft = open();
    sets.delete(draft, 'Bitcoin/0');
    propose(draft, 0, 0);
    propose(draft, 1, 1);
    batchExecuted(draft, context, executed(0, 0));
    expect(maySign(draft, 1, 1)).toBe(true);
    sign(draft, 1, 1);
    batchProposed(draft, context, { network: 'Bitcoin', id: 1, session: 1, batch: batchOf(1, 1) });
    expect(submitted(draft)).toEqual([1]);
  });

  it('keep their digest over sets', () => {
    const draft = open();
    propose(draft, 0, 0);
    propose(draft, 0, 1, 5);
    expect(evidence(draft)).toContain('sign.digest-conflict');
  });

  it('that the chain has already are not opened again', () => {
    const draft = open();
    networks.put(draft, 'Bitcoin', { nextBatch: 0, verified: 1 });
    propose(draft, 0, 0);
    expect([...signables.rows(draft)].map(([, { state }]) => state)).toEqual(['done']);
  });

  it('of a retired set are dropped', () => {
    const draft = open();
    sets.put(draft, 'Bitcoin/0', setRow(0, 'retired'));
    propose(draft, 0, 0);
    const row = { set: { network: 'Bitcoin', session: 0 }, kind: 'plan', id: HASH, digest: HASH, message: HASH, anchor: AT } as const;
    signableKnown(draft, context, { ...row, state: 'open' });
    const types = draft.decision().messages.map(({ type }) => type);
    expect(types).toEqual(['serai.report.dropped.v1', 'serai.report.dropped.v1']);
  });
});

describe('plans', () => {
  it('of a block that is not on our chain are evidence, and nothing is signed for them', () => {
    const draft = open();
    const id = { network: 'Bitcoin', session: 0 } as const;
    const plans = [{ set: id, id: HASH, message: HASH }];
    const said = { type: 'serai.substrate.block-ack.v1', data: { block: AT, plans } } as const;
    replyArrived(draft, context, 'Bitcoin', said);
    expect(evidence(draft)).toEqual(['processor.foreign-block']);
    expect([...signables.rows(draft)]).toEqual([]);
  });
});
