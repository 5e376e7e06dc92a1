import { randomBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { encodeAddress, sr25519Sign, sr25519Verify } from '@polkadot/util-crypto';
import { describe, expect, it } from 'vitest';
import { devAccount, secretScalar, signSr25519, sr25519Pair, verifySr25519 } from '../../../src/domain/threshold/schnorrkel.ts';

const message = utf8ToBytes('a message');

describe('sr25519', () => {
  it('verifies what polkadot.js signs, and the other way round', () => {
    const pair = sr25519Pair(randomBytes(32));
    expect(verifySr25519(pair.publicKey, message, sr25519Sign(message, pair))).toBe(true);
    expect(sr25519Verify(message, signSr25519(pair.secretKey, message), pair.publicKey)).toBe(true);
  });

  it('takes malformed signatures and keys for invalid', () => {
    const { publicKey, secretKey } = sr25519Pair(randomBytes(32));
    const signature = signSr25519(secretKey, message);
    expect(verifySr25519(publicKey, message, signature.subarray(1))).toBe(false);
    expect(verifySr25519(new Uint8Array(32).fill(0xff), message, signature)).toBe(false);
    expect(verifySr25519(publicKey, message, new Uint8Array(64))).toBe(false);
  });

  it('knows the development accounts', () => {
    expect(encodeAddress(devAccount('Alice').publicKey, 42)).toBe('5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY');
    expect(encodeAddress(devAccount('Bob').publicKey, 42)).toBe('5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty');
  });

  it('takes only whole secret keys for scalars', () => {
    expect(() => secretScalar(randomBytes(32))).toThrow(RangeError);
  });
});
