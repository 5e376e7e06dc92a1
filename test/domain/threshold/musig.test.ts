import { utf8ToBytes } from '@noble/hashes/utils.js';
import { sr25519Verify } from '@polkadot/util-crypto';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/domain/hex.ts';
import { musigAggregate, musigAggregateKey, musigCommit, musigSign, musigVerifyShare } from '../../../src/domain/threshold/musig.ts';
import { devAccount, secretScalar } from '../../../src/domain/threshold/schnorrkel.ts';
import { golden, goldenPresent } from '../../support/golden.ts';

const context = utf8ToBytes('ValidatorSets-musig_key\0\0\0\0\x01');
const message = utf8ToBytes('ValidatorSets-set_keys and the rest');
const names = ['Alice', 'Bob', 'Charlie', 'Dave'];

interface Recorded {
  readonly sets: readonly {
    readonly musig_context: string;
    readonly musig_key_alice: string;
    readonly musig_key_alice_bob_charlie_dave: string;
  }[];
}

const round = (count: number) => {
  const pairs = names.slice(0, count).map(devAccount);
  const publicKeys = pairs.map(({ publicKey }) => publicKey);
  const begun = pairs.map(() => musigCommit());
  const base = { context, publicKeys, commitments: begun.map(({ commitment }) => commitment), message };
  const shares = pairs.map(({ secretKey }, index) => {
    const nonces = begun[index]?.nonces;
    if (nonces === undefined) throw new Error('no nonces');
    return musigSign({ ...base, index, secretScalar: secretScalar(secretKey), nonces });
  });
  return { base, shares };
};

describe('MuSig', () => {
  it.skipIf(!goldenPresent)('makes the aggregate keys of Serai', () => {
    const publicKeys = names.map((name) => devAccount(name).publicKey);
    for (const set of (golden('messages.json') as Recorded).sets) {
      expect(toHex(musigAggregateKey(fromHex(set.musig_context), publicKeys.slice(0, 1)))).toBe(set.musig_key_alice);
      expect(toHex(musigAggregateKey(fromHex(set.musig_context), publicKeys))).toBe(set.musig_key_alice_bob_charlie_dave);
    }
  });

  it.each([1, 2, 4])('makes a signature of %i signers that sr25519 verifies', (count) => {
    const { base, shares } = round(count);
    const signature = musigAggregate({ ...base, shares });
    expect(signature).toBeDefined();
    expect(sr25519Verify(message, signature ?? new Uint8Array(), musigAggregateKey(context, base.publicKeys))).toBe(true);
  });

  it('tells whose share is wrong', () => {
    const { base, shares } = round(3);
    const wrong = shares.map((share, at) => (at === 1 ? (shares[0] ?? share) : share));
    expect(musigAggregate({ ...base, shares: wrong })).toBeUndefined();
    expect(wrong.map((share, index) => musigVerifyShare({ ...base, index, share }))).toEqual([true, false, true]);
    expect(musigAggregate({ ...base, shares: shares.slice(1) })).toBeUndefined();
  });

  it('is bound to its context and to the order of the signers', () => {
    const keys = names.map((name) => devAccount(name).publicKey);
    const key = toHex(musigAggregateKey(context, keys));
    expect(toHex(musigAggregateKey(utf8ToBytes('another'), keys))).not.toBe(key);
    expect(toHex(musigAggregateKey(context, keys.toReversed()))).not.toBe(key);
  });
});
