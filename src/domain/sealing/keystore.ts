import { argon2, createHash } from 'node:crypto';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { canonicalJson } from '../canonicalJson.ts';
import { fromHex, toHex } from '../hex.ts';
import { hex, hexOf } from '../processor/ids.ts';
import { SealError } from './sealError.ts';
import { Secret } from './secret.ts';

const kdf = z.strictObject({
  name: z.literal('argon2id'),
  memory_kib: z
    .number()
    .int()
    .min(8 * 1024)
    .max(1024 * 1024),
  passes: z.number().int().min(1).max(16),
  lanes: z.number().int().min(1).max(16),
  salt: hexOf(16),
});

/** A master key under a passphrase, as its file holds it: JSON. */
export const keystore = z.strictObject({
  format: z.literal('serai-coordinator/keystore/1'),
  kdf,
  /** Nonce (24 bytes) ‖ XChaCha20-Poly1305 of the master key under what the passphrase gives; format and kdf are authenticated with it. */
  sealed: hex,
});
export type Keystore = z.infer<typeof keystore>;

/** 64 MiB, three passes, four lanes: the second recommended choice of RFC 9106, section 4. */
const RECOMMENDED = { name: 'argon2id', memory_kib: 64 * 1024, passes: 3, lanes: 4 } as const;

const NONCE = 24;

/** Characters a passphrase has at least. */
export const SHORTEST_PASSPHRASE = 12;

const stretch = ({ memory_kib, passes, lanes, salt }: Keystore['kdf'], passphrase: Secret): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const parameters = {
      message: passphrase.expose(),
      nonce: fromHex(salt),
      memory: memory_kib,
      passes,
      parallelism: lanes,
      tagLength: 32,
    };
    argon2('argon2id', parameters, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });

const associated = ({ format, kdf: parameters }: Omit<Keystore, 'sealed'>): Uint8Array =>
  utf8ToBytes(canonicalJson({ format, kdf: { ...parameters } }));

/** Puts a master key under a passphrase (Argon2id, XChaCha20-Poly1305). */
export const sealKeystore = async (
  master: Secret,
  passphrase: Secret,
  random: (length: number) => Uint8Array,
  cost: Partial<Pick<Keystore['kdf'], 'memory_kib' | 'passes' | 'lanes'>> = {},
): Promise<Keystore> => {
  const head = { format: 'serai-coordinator/keystore/1', kdf: { ...RECOMMENDED, ...cost, salt: toHex(random(16)) } } as const;
  const nonce = random(NONCE);
  const key = await stretch(head.kdf, passphrase);
  return { ...head, sealed: toHex(concatBytes(nonce, xchacha20poly1305(key, nonce, associated(head)).encrypt(master.expose()))) };
};

/** The master key of a keystore; throws SealError `seal.wrong-passphrase` where the passphrase is another, or a byte was changed. */
export const openKeystore = async (store: Keystore, passphrase: Secret): Promise<Secret> => {
  const sealed = fromHex(store.sealed);
  const key = await stretch(store.kdf, passphrase);
  try {
    return new Secret(xchacha20poly1305(key, sealed.subarray(0, NONCE), associated(store)).decrypt(sealed.subarray(NONCE)));
  } catch (cause) {
    throw new SealError('seal.wrong-passphrase', 'the keystore does not open: the passphrase is another one, or the file was changed', {
      cause,
    });
  }
};

/** What a master key is known by without telling it: the first eight bytes of SHA-256 over a label and the key. */
export const fingerprintOf = (master: Secret): string =>
  createHash('sha256').update('serai-coordinator/v1/master-key/fingerprint').update(master.expose()).digest('hex').slice(0, 16);
