import { x25519 } from '@noble/curves/ed25519.js';
import { randomBytes } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import { openShare, sealShare, sharedWith } from '../../../src/devnet/processor/sealedShare.ts';
import { keyGenId } from './fourProcessors.ts';

describe('an encrypted key share', () => {
  const [sender, receiver] = [x25519.keygen(randomBytes(32)), x25519.keygen(randomBytes(32))];
  const share = randomBytes(32);
  const route = { id: keyGenId, from: 1, to: 2 };
  const sealed = sealShare(share, sharedWith({ secret: sender.secretKey, publicKey: receiver.publicKey }), route, randomBytes);
  const keys = { secret: receiver.secretKey, publicKey: sender.publicKey };
  const shared = sharedWith(keys);

  it('opens for its receiver', () => {
    expect(openShare(sealed, shared, route)).toEqual(share);
  });

  it('opens for no one else, from no one else, in no other attempt', () => {
    expect(openShare(sealed, sharedWith({ ...keys, secret: randomBytes(32) }), route)).toBeUndefined();
    expect(openShare(sealed, shared, { ...route, from: 3 })).toBeUndefined();
    expect(openShare(sealed, shared, { ...route, from: 2, to: 1 })).toBeUndefined();
    expect(openShare(sealed, shared, { ...route, id: { ...keyGenId, attempt: 1 } })).toBeUndefined();
    expect(openShare(sealed.subarray(1), shared, route)).toBeUndefined();
    expect(openShare(new Uint8Array(), shared, route)).toBeUndefined();
  });
});
