import { randomBytes } from 'node:crypto';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { ConfigError } from '../core/configError.ts';
import type { Config } from '../core/configSchema.ts';
import { enabledNetworks } from '../core/enabledNetworks.ts';
import type { BackupKeys } from '../data/backup/backupKeys.ts';
import { fromHex, toHex } from '../domain/hex.ts';
import { publicKeyOf } from '../domain/record/signRecord.ts';
import { fingerprintOf, type Keystore, keystore, openKeystore } from '../domain/sealing/keystore.ts';
import { Secret } from '../domain/sealing/secret.ts';
import { keysOn, sourcesOf, writersOf } from '../domain/topics.ts';
import { passphraseFor } from './passphrase.ts';
import { readHexText, readSecretText, secretExists, writeSecretFile } from './secretFile.ts';

/** The master key; a development account gets one made at its first start. */
export const masterKey = async ({ keys }: Config): Promise<Uint8Array> => {
  const file = keys.master_key_file;
  if (keys.dev_account !== undefined && !secretExists(file)) await writeSecretFile(file, `${toHex(randomBytes(32))}\n`);
  return readMasterKey(keys);
};

/** The master key out of its file: as it stands there, or under a passphrase that is read or asked for. */
export const readMasterKey = async ({ master_key_file: file, passphrase_file }: Config['keys']): Promise<Uint8Array> => {
  const text = await readSecretText(file, MASTER_KEY, '32 bytes of hex, or a keystore that "keys create" makes,');
  if (!text.startsWith('{')) return readHexText(text, `${MASTER_KEY} ${file}`, [32]);
  return (await openKeystore(readKeystore(text, file), await passphraseFor(file, passphrase_file))).expose();
};

/** Reads a keystore's file. */
export const readKeystore = (text: string, file: string): Keystore => {
  try {
    return keystore.parse(JSON.parse(text));
  } catch (cause) {
    throw new ConfigError('config.invalid', `${file} is neither 32 bytes of hex nor a keystore; bring it back from where you keep a copy`, {
      cause,
    });
  }
};

/** What the file of the master key is called in messages. */
const MASTER_KEY = 'keys.master_key_file';

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

/** What a deployment's backups are sealed, named and signed with. */
export const backupKeysOf = (master: Uint8Array, name: string): BackupKeys => {
  const derive = deriver(master, name);
  const sign = derive('backup/sign');
  return {
    seal: new Secret(derive('backup/seal')),
    name: new Secret(derive('backup/name')),
    sign: new Secret(sign),
    publicKey: publicKeyOf(sign),
    masterKey: fingerprintOf(new Secret(master)),
  };
};

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

/**
 * The public keys by which a topic's records are proven, as far as they are known here: without the master key, those the configuration pins;
 * `tell` says so.
 */
export const knownPins = async (config: Config, tell: (line: string) => void): Promise<(topic: string) => Record<string, Uint8Array>> => {
  const { general, keys } = config;
  const isHere = secretExists(keys.master_key_file);
  if (!isHere) tell(`there is no keys.master_key_file ${keys.master_key_file}: only sources pinned under [keys.pins] are known`);
  const pins = pinsOf(config, isHere ? signingSecretsOf(deriver(await readMasterKey(keys), general.name)) : undefined);
  const writers = writersOf(general.name, enabledNetworks(config));
  return (topic) => keysOn(topic, writers, pins);
};
