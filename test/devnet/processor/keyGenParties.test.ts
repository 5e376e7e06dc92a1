import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../../src/data/store.ts';
import { certificateBytes } from '../../../src/devnet/processor/certificate.ts';
import { openExternalChain } from '../../../src/devnet/processor/externalChain.ts';
import { openProcessor, type Processor } from '../../../src/devnet/processor/processor.ts';
import { keyGens, keys, TABLE_BUCKETS } from '../../../src/devnet/processor/rows.ts';
import { digestBytes } from '../../../src/domain/crypto/digest.ts';
import { fromHex, type Hex, toHex } from '../../../src/domain/hex.ts';
import { thresholdOf } from '../../../src/domain/party/window.ts';
import type { ByParticipant, KeyGenId, SignId } from '../../../src/domain/processor/ids.ts';
import type { Command, PartyCertificate, Reply } from '../../../src/domain/processor/messages.ts';
import { type Sr25519Pair, signSr25519, sr25519Pair } from '../../../src/domain/threshold/schnorrkel.ts';
import { openMemoryStore } from '../../../src/drivers/memory/memoryStore.ts';
import { genesisHash, only, set } from './fourProcessors.ts';

interface Holder {
  readonly pair: Sr25519Pair;
  readonly weight: number;
  readonly store: Store;
  readonly processor: Processor;
}

const open = async (weight: number): Promise<Holder> => {
  const [pair, store] = [sr25519Pair(randomBytes(32)), openMemoryStore()];
  const chain = await openExternalChain({ store: openMemoryStore(), network: 'Bitcoin' });
  const validator = toHex(pair.publicKey);
  return {
    pair,
    weight,
    store,
    processor: await openProcessor({ store, network: 'Bitcoin', genesisHash, validator, chain, random: randomBytes }),
  };
};

/** A party of some holders of a set, signed by all of it. */
const partyOf = (attempt: number, all: readonly Holder[], removed: readonly Holder[] = []): PartyCertificate => {
  let next = 1;
  const total = all.reduce((sum, { weight }) => sum + weight, 0);
  const party = {
    id: { set, attempt },
    anchor: { number: 1, hash: genesisHash },
    threshold: thresholdOf(total),
    members: all
      .filter((holder) => !removed.includes(holder))
      .map(({ pair, weight }) => ({ validator: toHex(pair.publicKey), participants: Array.from({ length: weight }, () => next++) })),
    removed: removed.map(({ pair, weight }) => ({ validator: toHex(pair.publicKey), weight })),
  };
  const bytes = certificateBytes(genesisHash, party);
  const signatures = Object.fromEntries(all.map(({ pair }) => [toHex(pair.publicKey), toHex(signSr25519(pair.secretKey, bytes))]));
  return { ...party, signatures };
};

const memberOf = (certificate: PartyCertificate, { pair }: Holder): readonly number[] =>
  certificate.members.find(({ validator }) => validator === toHex(pair.publicKey))?.participants ?? [];

const generate = (certificate: PartyCertificate, holder: Holder): Command => {
  const [mine, n] = [memberOf(certificate, holder), certificate.members.flatMap(({ participants }) => participants).length];
  const params = { t: certificate.threshold, n, i: mine[0] ?? 1 };
  return { type: 'serai.key-gen.generate-key.v1', data: { id: certificate.id, params, shares: mine.length, certificate } };
};

/** Relays a whole key generation as coordinators do; returns each holder's key pair. */
const generateKeys = async (certificate: PartyCertificate, holders: readonly Holder[]): Promise<Hex[]> => {
  const { id } = certificate;
  const firstOf = (holder: Holder): number => memberOf(certificate, holder)[0] ?? 0;
  const commitments: Record<string, Hex> = {};
  for (const holder of holders) {
    const replies = await holder.processor.handle(generate(certificate, holder));
    commitments[firstOf(holder)] = only(replies, 'serai.key-gen.commitments.v1').commitments;
  }
  const made = new Map<Holder, ByParticipant>();
  for (const holder of holders) {
    const replies = await holder.processor.handle({ type: 'serai.key-gen.commitments.v1', data: { id, commitments } });
    made.set(holder, only(replies, 'serai.key-gen.shares.v1').shares);
  }
  const generated: Hex[] = [];
  for (const holder of holders) {
    const shares: Record<string, Hex> = {};
    for (const other of holders)
      if (other !== holder)
        shares[firstOf(other)] = `0x${memberOf(certificate, holder)
          .map((to) => (made.get(other)?.[to] ?? '0x').slice(2))
          .join('')}`;
    const replies = await holder.processor.handle({ type: 'serai.key-gen.shares.v1', data: { id, shares } });
    generated.push(only(replies, 'serai.key-gen.generated-key-pair.v1').keyPair.substrate);
  }
  return generated;
};

/** Serai knows no block of the external chain yet. */
const NO_BLOCK: Hex = `0x${'00'.repeat(32)}`;

const confirm = (attempt: number, key: Hex): Command => ({
  type: 'serai.substrate.confirm-key-pair.v1',
  data: { context: { seraiTime: '1', latestFinalizedBlock: NO_BLOCK }, set, attempt, keyPair: { substrate: key, network: key } },
});

/** What stands in a table of a processor's store. */
const rowsOf = async <Row>({ store }: Holder, table: 'keyGen' | 'key'): Promise<Map<string, Row>> => {
  const found = new Map<string, Row>();
  for await (const [key, value] of store.scan(TABLE_BUCKETS[table] ?? 0))
    found.set(new TextDecoder().decode(key), JSON.parse(new TextDecoder().decode(value)) as Row);
  return found;
};

type KeyGenRow = NonNullable<ReturnType<typeof keyGens.get>>;
type KeyRow = NonNullable<ReturnType<typeof keys.get>>;

describe('a set of unequal weights', () => {
  let holders: Holder[];

  beforeAll(async () => {
    holders = await Promise.all([3, 1, 2, 4].map(open));
  });

  it('generates one key, of which every holder has all its shares', async () => {
    const [key = '0x', ...others] = await generateKeys(partyOf(0, holders), holders);
    expect(others).toEqual([key, key, key]);
    for (const holder of holders) await holder.processor.handle(confirm(0, key));
    const rows = await Promise.all(holders.map((holder) => rowsOf<KeyRow>(holder, 'key')));
    const held = rows.map((each) => Object.keys(each.get('Bitcoin/0')?.secretShares ?? {}));
    expect(held).toEqual([['1', '2', '3'], ['4'], ['5', '6'], ['7', '8', '9', '10']]);
    expect(rows.map((each) => each.get('Bitcoin/0')?.t)).toEqual([7, 7, 7, 7]);
  });

  it('signs with any t shares, some of a holder or all', async () => {
    const [, second] = holders as [Holder, Holder];
    const burn = { address: '0x01', data: null, coin: 'Bitcoin', amount: '5' } as const;
    const block = { number: 2, hash: `0x${'ab'.repeat(32)}` } as const;
    const context = { seraiTime: '1', latestFinalizedBlock: NO_BLOCK };
    const told: Command = { type: 'serai.substrate.block.v1', data: { context, block, set, burns: [burn], batches: [] } };
    let id: SignId | undefined;
    let digest: Hex = '0x';
    const all: Record<string, Hex> = {};
    for (const { processor } of holders) {
      const [plan] = only(await processor.handle(told), 'serai.substrate.block-ack.v1').plans;
      id = { set, kind: 'plan', id: plan?.id ?? '0x', attempt: 64 };
      digest = digestBytes(fromHex(plan?.message ?? '0x'));
      const made = await processor.handle({ type: 'serai.sign.attempt.v1', data: { id, digest } });
      Object.assign(all, only(made, 'serai.sign.preprocesses.v1').preprocesses);
    }
    expect(Object.keys(all)).toHaveLength(10);
    if (id === undefined) return;
    const preprocesses = Object.fromEntries([1, 3, 4, 6, 7, 8, 10].map((share) => [String(share), all[String(share)] ?? '0x'] as const));
    const shares: Record<string, Hex> = {};
    for (const { processor } of holders) {
      const made = await processor.handle({ type: 'serai.sign.preprocesses.v1', data: { id, digest, preprocesses } });
      Object.assign(shares, only(made, 'serai.sign.shares.v1').shares);
    }
    expect(Object.keys(shares)).toEqual(Object.keys(preprocesses));
    only(await second.processor.handle({ type: 'serai.sign.shares.v1', data: { id, digest, shares } }), 'serai.sign.completed.v1');
  });

  it('has its key where one holds more than half of them', async () => {
    const four = await Promise.all([8, 4, 2, 1].map(open));
    const [key, ...others] = await generateKeys(partyOf(0, four), four);
    expect(new Set(others)).toEqual(new Set([key]));
  });

  it('blames the holder of a share that does not fit, and of blobs of the wrong length', async () => {
    const [a, b] = [await open(2), await open(1)];
    const certificate = partyOf(0, [a, b]);
    const { commitments } = only(await a.processor.handle(generate(certificate, a)), 'serai.key-gen.commitments.v1');
    const other = only(await b.processor.handle(generate(certificate, b)), 'serai.key-gen.commitments.v1').commitments;
    const given = (blob: Hex): Command => ({
      type: 'serai.key-gen.commitments.v1',
      data: { id: certificate.id, commitments: { 1: commitments, 3: blob } },
    });
    expect(only(await a.processor.handle(given(commitments)), 'serai.key-gen.blame.v1').participant).toBe(3);
    only(await a.processor.handle(given(other)), 'serai.key-gen.shares.v1');
    const shares: Command = { type: 'serai.key-gen.shares.v1', data: { id: certificate.id, shares: { 3: `0x${'01'.repeat(144)}` } } };
    expect(only(await a.processor.handle(shares), 'serai.key-gen.blame.v1').participant).toBe(3);
  });
});

describe('a later attempt', () => {
  it('is without the removed, under the threshold of the whole set, and forgets the secrets of the one before', async () => {
    const holders = await Promise.all([1, 1, 1, 1].map(open));
    const [first, second, third, gone] = holders as [Holder, Holder, Holder, Holder];
    await first.processor.handle(generate(partyOf(0, holders), first));
    const remaining = [first, second, third];
    const certificate = partyOf(1, holders, [gone]);
    const [key = '0x', ...others] = await generateKeys(certificate, remaining);
    expect(others).toEqual([key, key]);
    expect([...(await rowsOf<KeyGenRow>(first, 'keyGen')).keys()]).toEqual(['Bitcoin/0/1']);
    // Whatever is asked of the attempt that is over, nothing more is said of it.
    expect(await first.processor.handle(generate(partyOf(0, holders), first))).toEqual([]);
    expect(await first.processor.handle({ type: 'serai.key-gen.shares.v1', data: { id: { set, attempt: 0 }, shares: {} } })).toEqual([]);
    await first.processor.handle(confirm(1, key));
    expect((await rowsOf<KeyRow>(first, 'key')).get('Bitcoin/0')).toMatchObject({
      n: 3,
      t: 3,
      secretShares: { 1: expect.any(String) as string },
    });
  });

  it('leaves an earlier key where it is until the chain has named one', async () => {
    const holders = await Promise.all([1, 1].map(open));
    const [first] = holders as [Holder, Holder];
    const [key = '0x'] = await generateKeys(partyOf(0, holders), holders);
    await first.processor.handle(generate(partyOf(1, holders), first));
    await first.processor.handle(generate(partyOf(2, holders), first));
    expect([...(await rowsOf<KeyGenRow>(first, 'keyGen')).keys()]).toEqual(['Bitcoin/0/0', 'Bitcoin/0/2']);
    await first.processor.handle(confirm(0, key));
    expect([...(await rowsOf<KeyGenRow>(first, 'keyGen')).keys()]).toEqual(['Bitcoin/0/0']);
    expect(await first.processor.handle(generate(partyOf(3, holders), first))).toEqual([]);
  });

  it('is refused where the removed are too many, twice in it, or change the threshold', async () => {
    const holders = await Promise.all([1, 1, 1, 1].map(open));
    const [first, , third, fourth] = holders as [Holder, Holder, Holder, Holder];
    const reasonOf = async (certificate: PartyCertificate, id: KeyGenId = certificate.id): Promise<string> => {
      const replies: readonly Reply[] = await first.processor.handle(generate({ ...certificate, id }, first));
      return only(replies, 'serai.key-gen.blame.v1').reason;
    };
    expect(await reasonOf(partyOf(1, holders, [third, fourth]))).toBe('too few key shares remain');
    const party = partyOf(1, holders, [fourth]);
    expect(await reasonOf({ ...party, removed: [] })).toContain('few');
    expect(await reasonOf({ ...party, removed: [...party.removed, ...party.removed] })).toContain('twice');
    expect(await reasonOf({ ...party, threshold: 2 })).toContain('threshold');
  });
});
