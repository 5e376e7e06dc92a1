import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Keystore, keystore, openKeystore, sealKeystore } from '../../../src/domain/sealing/keystore.ts';
import { openChunk, sealChunk } from '../../../src/domain/sealing/sealedChunk.ts';
import { Secret } from '../../../src/domain/sealing/secret.ts';

const master = new Secret(new Uint8Array(32).fill(9));
const word = (text: string): Secret => new Secret(utf8ToBytes(text));
const random = (length: number): Uint8Array => new Uint8Array(length).fill(5);
const cheap = { memory_kib: 8 * 1024, passes: 1, lanes: 1 };

describe('a keystore', () => {
  it('gives its master key to its passphrase alone', async () => {
    const made = await sealKeystore(master, word('correct horse battery'), random, cheap);
    expect(keystore.parse(JSON.parse(JSON.stringify(made)))).toEqual(made);
    expect((await openKeystore(made, word('correct horse battery'))).expose()).toEqual(master.expose());
    await expect(openKeystore(made, word('correct horse batterx'))).rejects.toMatchObject({ code: 'seal.wrong-passphrase' });
  });

  it('cannot be made cheaper to guess, or changed', async () => {
    const made = await sealKeystore(master, word('correct horse battery'), random, { ...cheap, passes: 2 });
    const bent: Keystore[] = [
      { ...made, kdf: { ...made.kdf, passes: 1 } },
      { ...made, kdf: { ...made.kdf, salt: `0x${'00'.repeat(16)}` } },
      { ...made, sealed: `${made.sealed.slice(0, -2)}00` as `0x${string}` },
    ];
    for (const other of bent)
      await expect(openKeystore(other, word('correct horse battery'))).rejects.toMatchObject({ code: 'seal.wrong-passphrase' });
    expect(keystore.safeParse({ ...made, kdf: { ...made.kdf, memory_kib: 1 } }).success).toBe(false);
    expect(keystore.safeParse({ ...made, kdf: { ...made.kdf, memory_kib: 2 ** 30 } }).success).toBe(false);
  });

  it('takes 64 MiB and three passes where nothing else is said', async () => {
    const { kdf } = await sealKeystore(master, word('correct horse battery'), random);
    expect(kdf).toMatchObject({ name: 'argon2id', memory_kib: 65_536, passes: 3, lanes: 4 });
  });
});

describe('a sealed chunk', () => {
  it('has the bytes that XChaCha20-Poly1305 of @noble/ciphers gives', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ minLength: 24, maxLength: 24 }),
        fc.uint8Array({ maxLength: 300 }),
        (key, nonce, plain) => {
          const sealed = sealChunk(new Secret(key), 'what', plain, nonce);
          expect([...sealed.subarray(24)]).toEqual([...xchacha20poly1305(key, nonce, utf8ToBytes('what')).encrypt(plain)]);
          expect([...openChunk(new Secret(key), 'what', sealed)]).toEqual([...plain]);
        },
      ),
    );
  });

  it('does not open as another one, or changed, or short', () => {
    const sealed = sealChunk(master, 'a', utf8ToBytes('plain'), random(24));
    expect(() => openChunk(master, 'b', sealed)).toThrow('does not open');
    for (let at = 0; at < sealed.length; at += 1) {
      const bent = Uint8Array.from(sealed);
      bent[at] = (bent[at] ?? 0) ^ 1;
      expect(() => openChunk(master, 'a', bent)).toThrow('does not open');
      expect(() => openChunk(master, 'a', sealed.subarray(0, at))).toThrow('does not open');
    }
  });
});
