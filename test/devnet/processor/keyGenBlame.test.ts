import { randomBytes } from '@noble/hashes/utils.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { type keyGens, TABLE_BUCKETS } from '../../../src/devnet/processor/rows.ts';
import { sealShare, sharedWith } from '../../../src/devnet/processor/sealedShare.ts';
import { fromHex, type Hex, toHex } from '../../../src/domain/hex.ts';
import type { ByParticipant } from '../../../src/domain/processor/ids.ts';
import type { Command, Reply } from '../../../src/domain/processor/messages.ts';
import { FourProcessors, keyGenId, only, set } from './fourProcessors.ts';

const bent = (bytes: Hex): Hex => `0x${bytes.slice(2, -2)}${bytes.endsWith('00') ? '01' : '00'}`;

const given = (shares: ByParticipant, id = keyGenId): Command => ({ type: 'serai.key-gen.shares.v1', data: { id, shares } });

describe('an accusation', () => {
  let four: FourProcessors;
  /** What each made for each: by sender, then by receiver. */
  let made: ByParticipant[];

  const sharesFor = (to: number): Record<string, Hex> =>
    Object.fromEntries(made.flatMap((shares, from) => (from + 1 === to ? [] : [[String(from + 1), shares[to] ?? '0x'] as const])));

  const keyGenRows = async (at: number): Promise<Map<string, NonNullable<ReturnType<typeof keyGens.get>>>> => {
    const found = new Map<string, NonNullable<ReturnType<typeof keyGens.get>>>();
    const text = new TextDecoder();
    for await (const [key, value] of four.stores[at]?.scan(TABLE_BUCKETS['keyGen'] ?? 0) ?? [])
      found.set(text.decode(key), JSON.parse(text.decode(value)) as NonNullable<ReturnType<typeof keyGens.get>>);
    return found;
  };

  /** Participant 1 is given wrong shares of participant 2, and says so. */
  const accusation = async (wrong: Hex): Promise<Hex> =>
    only(await four.ask(0, given({ ...sharesFor(1), 2: wrong })), 'serai.key-gen.blame.v1').proof ?? '0x';

  const verify = (
    at: number,
    shares: Hex,
    proof: Hex,
    of: { accuser: number; accused: number; attempt?: number },
  ): Promise<readonly Reply[]> => {
    const { accuser, accused, attempt = 0 } = of;
    return four.ask(at, { type: 'serai.key-gen.verify-blame.v1', data: { id: { set, attempt }, accuser, accused, shares, proof } });
  };

  beforeEach(async () => {
    four = await FourProcessors.open();
    const commitments: Record<string, Hex> = {};
    for (const at of [0, 1, 2, 3])
      commitments[at + 1] = only(await four.ask(at, four.generate(at)), 'serai.key-gen.commitments.v1').commitments;
    made = [];
    for (const at of [0, 1, 2, 3]) {
      const replies = await four.ask(at, { type: 'serai.key-gen.commitments.v1', data: { id: keyGenId, commitments } });
      made.push(only(replies, 'serai.key-gen.shares.v1').shares);
    }
  });

  it('that shares cannot be opened is upheld by every other processor, at any time, also again and after a restart', async () => {
    const wrong = bent(sharesFor(1)[2] ?? '0x');
    const proof = await accusation(wrong);
    only(await four.ask(2, given(sharesFor(3))), 'serai.key-gen.generated-key-pair.v1');
    for (const at of [1, 2, 3]) {
      const replies = await verify(at, wrong, proof, { accuser: 1, accused: 2 });
      expect(only(replies, 'serai.key-gen.blame.v1')).toMatchObject({ participant: 2, accusation: { accuser: 1, accused: 2 } });
      await four.restart(at);
      expect(await verify(at, wrong, proof, { accuser: 1, accused: 2 })).toEqual(replies);
    }
  });

  it('that is too long, empty or another one’s is upheld', async () => {
    const right = sharesFor(1)[2] ?? '0x';
    const proof = await accusation('0x');
    for (const wrong of ['0x', `${right}00`, sharesFor(1)[3], sharesFor(3)[2]] as Hex[])
      expect(only(await verify(3, wrong, proof, { accuser: 1, accused: 2 }), 'serai.key-gen.blame.v1').participant).toBe(2);
  });

  it('that shares open and do not fit is made, and upheld', async () => {
    const rows = await keyGenRows(0);
    const { encryption, blobs } = rows.get('Bitcoin/0/0') ?? {};
    const publicKey = fromHex(blobs?.[2] ?? '0x').subarray(0, 32);
    const shared = sharedWith({ secret: fromHex(encryption ?? '0x'), publicKey });
    const sealed = (share: Uint8Array): Hex => toHex(sealShare(share, shared, { id: keyGenId, from: 2, to: 1 }, randomBytes));
    const proof = await accusation(sealed(new Uint8Array(32).fill(1)));
    expect(proof).toBe(encryption);
    for (const share of [1, 0, 255].map((byte) => new Uint8Array(32).fill(byte))) {
      const { participant, reason } = only(await verify(3, sealed(share), proof, { accuser: 1, accused: 2 }), 'serai.key-gen.blame.v1');
      expect([participant, reason]).toEqual([2, 'the key share for another member does not fit']);
    }
    // What proves the blame is kept to be said again, and nothing else that is secret.
    expect((await keyGenRows(0)).get('Bitcoin/0/0')).toMatchObject({ coefficients: {}, encryption: '0x' });
  });

  it('over right shares is the accuser’s fault', async () => {
    const proof = await accusation('0x1234');
    for (const at of [1, 2, 3]) {
      const right = await verify(at, sharesFor(1)[2] ?? '0x', proof, { accuser: 1, accused: 2 });
      expect(only(right, 'serai.key-gen.blame.v1')).toMatchObject({ participant: 1, accusation: { accuser: 1, accused: 2 } });
    }
  });

  it('with another secret is the accuser’s fault', async () => {
    const wrong = bent(sharesFor(1)[2] ?? '0x');
    const proof = await accusation(wrong);
    for (const other of [bent(proof), `0x${'00'.repeat(32)}`, `0x${'ff'.repeat(32)}`] as Hex[])
      expect(only(await verify(3, wrong, other, { accuser: 1, accused: 2 }), 'serai.key-gen.blame.v1').participant).toBe(1);
    // The secret of one is not that of another.
    expect(only(await verify(3, wrong, proof, { accuser: 3, accused: 2 }), 'serai.key-gen.blame.v1').participant).toBe(3);
  });

  it('is nobody’s fault in an attempt that is not known, before the commitments are, or among others than members', async () => {
    const proof = await accusation('0x1234');
    expect(await verify(3, '0x1234', proof, { accuser: 1, accused: 2, attempt: 1 })).toEqual([]);
    expect(await verify(3, '0x1234', proof, { accuser: 1, accused: 9 })).toEqual([]);
    expect(await verify(3, '0x1234', proof, { accuser: 1, accused: 1 })).toEqual([]);
    const fresh = await FourProcessors.open();
    await fresh.ask(3, fresh.generate(3));
    four = fresh;
    expect(await verify(3, '0x1234', proof, { accuser: 1, accused: 2 })).toEqual([]);
  });

  it('ends the attempt for the accuser: its other secrets are gone, and the right shares make no key', async () => {
    const wrong = bent(sharesFor(1)[2] ?? '0x');
    const blamed = await four.ask(0, given({ ...sharesFor(1), 2: wrong }));
    await four.restart(0);
    expect(await four.ask(0, given(sharesFor(1)))).toEqual(blamed);
    four.groupKey = only(await four.ask(2, given(sharesFor(3))), 'serai.key-gen.generated-key-pair.v1').keyPair.substrate;
    await expect(four.ask(0, four.confirm())).rejects.toMatchObject({ code: 'processor.foreign-key' });
  });

  it('is not made, and no secret told, by who has given its key, or blames commitments', async () => {
    const made = await four.ask(0, given(sharesFor(1)));
    only(made, 'serai.key-gen.generated-key-pair.v1');
    expect(await four.ask(0, given({ ...sharesFor(1), 2: '0x1234' }))).toEqual(made);
    const other = await FourProcessors.open();
    const commitments = { 1: only(await other.ask(0, other.generate(0)), 'serai.key-gen.commitments.v1').commitments, 2: '0x12' } as const;
    for (const reply of await other.ask(0, { type: 'serai.key-gen.commitments.v1', data: { id: keyGenId, commitments } }))
      expect(reply.data).not.toHaveProperty('proof');
  });
});
