import { inspect } from 'node:util';
import { x25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Attributes } from '../../../src/domain/record.ts';
import { openRecord, sealRecord } from '../../../src/domain/sealing/sealedRecord.ts';
import { openValue, sealValue } from '../../../src/domain/sealing/sealedValue.ts';
import { Secret } from '../../../src/domain/sealing/secret.ts';

const nonce = new Uint8Array(24).fill(5);
const key = new Secret(new Uint8Array(32).fill(6));

describe('a secret', () => {
  it('prints nothing', () => {
    const secret = new Secret(new TextEncoder().encode('hush'));
    expect([String(secret), JSON.stringify({ secret }), inspect(secret), inspect({ deep: [secret] })].join()).not.toMatch(/hush|104/);
    expect(secret.expose()).toEqual(new TextEncoder().encode('hush'));
  });
});

describe('a sealed value', () => {
  const place = { storeId: 'alice/crypto', bucket: 2, key: Uint8Array.of(1, 2) };

  it('opens at its place, and nowhere else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (value) => {
        const sealed = sealValue(key, place, value, nonce);
        expect(openValue(key, place, sealed)).toEqual(value);
        for (const elsewhere of [
          { ...place, storeId: 'bob/crypto' },
          { ...place, bucket: 3 },
          { ...place, key: Uint8Array.of(1, 3) },
        ])
          expect(() => openValue(key, elsewhere, sealed)).toThrow(expect.objectContaining({ code: 'seal.failed' }));
        expect(() => openValue(new Secret(new Uint8Array(32)), place, sealed)).toThrow(expect.objectContaining({ code: 'seal.failed' }));
      }),
    );
  });

  it('does not open with any byte changed, or any missing', () => {
    const sealed = sealValue(key, place, Uint8Array.of(1, 2, 3), nonce);
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = sealed.map((byte, at) => (at === index ? byte ^ 1 : byte));
      expect(() => openValue(key, place, changed)).toThrow(expect.objectContaining({ code: 'seal.failed' }));
      expect(() => openValue(key, place, sealed.subarray(0, index))).toThrow(expect.objectContaining({ code: 'seal.failed' }));
    }
  });
});

describe('a sealed record', () => {
  const topic = 'alice-bitcoin-commands';
  const [senderSecret, receiverSecret] = [new Uint8Array(32).fill(7), new Uint8Array(32).fill(8)];
  const attributes: Attributes = {
    id: 'x',
    source: '/alice/crypto',
    type: 't.v1',
    time: new Date(0).toISOString(),
    datacontenttype: 'application/octet-stream',
    sequence: 1n,
    previoushash: `0x${'00'.repeat(32)}`,
    epoch: 1,
    keyid: '/alice/crypto#1>/alice/processor/bitcoin#1',
  };
  const plaintext = new TextEncoder().encode('{"a":1}');
  const data = sealRecord({ topic, attributes, plaintext, senderSecret, receiverPublic: x25519.getPublicKey(receiverSecret), nonce });
  const opening = { topic, record: { attributes, data }, receiverSecret, senderPublic: x25519.getPublicKey(senderSecret) };

  it('opens for its reader', () => {
    expect(openRecord(opening)).toEqual(plaintext);
  });

  it('opens for nobody else, on no other topic, and as no other record', () => {
    const failed = expect.objectContaining({ code: 'seal.failed' }) as Error;
    expect(() => openRecord({ ...opening, receiverSecret: new Uint8Array(32).fill(9) })).toThrow(failed);
    expect(() => openRecord({ ...opening, topic: 'alice-outbound' })).toThrow(failed);
    expect(() => openRecord({ ...opening, record: { attributes: { ...attributes, sequence: 2n }, data } })).toThrow(failed);
    expect(() => openRecord({ ...opening, record: { attributes, data: data.map((byte, at) => (at === 30 ? byte ^ 1 : byte)) } })).toThrow(
      failed,
    );
  });

  it('is refused under a key that shares nothing', () => {
    expect(() => openRecord({ ...opening, senderPublic: new Uint8Array(32) })).toThrow(expect.objectContaining({ code: 'seal.weak-key' }));
  });
});
