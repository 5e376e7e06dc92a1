import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Config } from '../core/configSchema.ts';
import { fromHex, toHex } from '../domain/hex.ts';
import { publicKeyOf } from '../domain/record/signRecord.ts';
import { sourcesOf } from '../domain/topics.ts';
import { readSecretHex } from './secretFile.ts';

/** The master key; a development account gets one made at its first start. */
export const masterKey = async ({ keys }: Config): Promise<Uint8Array> => {
  const file = keys.master_key_file;
  if (keys.dev_account !== undefined && !existsSync(file)) {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(`${file}.new`, `${toHex(randomBytes(32))}\n`, { mode: 0o600, flush: true });
    await rename(`${file}.new`, file);
  }
  return readMasterKey(keys);
};

/** The master key as it stands in its file. */
export const readMasterKey = ({ master_key_file }: Config['keys']): Promise<Uint8Array> =>
  readSecretHex(master_key_file, 'keys.master_key_file', [32]);

/** Derives the keys of a deployment from its master key, each by what it is for. */
export const deriver =
  (master: Uint8Array, name: string) =>
  (what: string): Uint8Array =>
    hkdf(sha256, master, undefined, utf8ToBytes(`serai-coordinator/v1/key/${name}/${what}`), 32);

/** Ed25519 seeds that the deployment's own sources sign their records with. */
export interface SigningSecrets {
  readonly observation: Uint8Array;
  readonly crypto: Uint8Array;
  readonly connection: Uint8Array;
  readonly integrity: Uint8Array;
  readonly operator: Uint8Array;
}

/** The signing seeds of a deployment. */
export const signingSecretsOf = (derive: (what: string) => Uint8Array): SigningSecrets => ({
  observation: derive('observation'),
  crypto: derive('crypto'),
  connection: derive('connection'),
  integrity: derive('integrity'),
  operator: derive('operator'),
});

/** The public keys of everything that may write to a deployment's topics: those the configuration pins, and its own. */
export const pinsOf = ({ general, keys }: Config, secrets: SigningSecrets | undefined): Readonly<Record<string, Uint8Array>> => {
  const pinned = Object.fromEntries(Object.entries(keys.pins).map(([source, pin]) => [source, fromHex(pin)]));
  if (secrets === undefined) return pinned;
  const sources = sourcesOf(general.name);
  return {
    ...pinned,
    [sources.observation]: publicKeyOf(secrets.observation),
    [sources.crypto]: publicKeyOf(secrets.crypto),
    [sources.connection]: publicKeyOf(secrets.connection),
    [sources.integrity]: publicKeyOf(secrets.integrity),
    [sources.operator]: publicKeyOf(secrets.operator),
  };
};

/** The public keys as far as they are known here: without the master key, those the configuration pins; `tell` says so. */
export const knownPins = async (config: Config, tell: (line: string) => void): Promise<Readonly<Record<string, Uint8Array>>> => {
  const { general, keys } = config;
  if (existsSync(keys.master_key_file)) return pinsOf(config, signingSecretsOf(deriver(await readMasterKey(keys), general.name)));
  tell(`there is no keys.master_key_file ${keys.master_key_file}: only sources pinned under [keys.pins] are known`);
  return pinsOf(config, undefined);
};
