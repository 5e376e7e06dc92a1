import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { ConfigError } from '../core/configError.ts';
import type { Config } from '../core/configSchema.ts';
import { enabledNetworks } from '../core/enabledNetworks.ts';
import type { SealedStore } from '../data/sealedStore.ts';
import { toHex } from '../domain/hex.ts';
import { publicKeyOf } from '../domain/record/signRecord.ts';
import { fingerprintOf, sealKeystore } from '../domain/sealing/keystore.ts';
import { Secret } from '../domain/sealing/secret.ts';
import { sourcesOf } from '../domain/topics.ts';
import { MODULES } from '../modules/moduleNames.ts';
import { askToWork } from './askToWork.ts';
import type { ReasonedCommand } from './backup.ts';
import { backupKeysOf, deriver, readMasterKey, signingSecretsOf } from './deploymentKeys.ts';
import { newPassphrase } from './passphrase.ts';
import { progress } from './progress.ts';
import { keepAct, recordAct } from './recordAct.ts';
import { readSecretText, writeSecretFile } from './secretFile.ts';
import { modulesWithStores, openModuleStore, random, storeFolder } from './stores.ts';
import type { RotatedStore } from './tasks.ts';

const print = (text: string): void => {
  process.stdout.write(text);
};

export interface CreateKey {
  /** Without a passphrase, as a key file. */
  readonly plain: boolean;
  readonly newPassphraseFile?: string;
}

const textOf = async (master: Secret, { plain, newPassphraseFile }: CreateKey): Promise<string> =>
  plain
    ? `${toHex(master.expose())}\n`
    : `${JSON.stringify(await sealKeystore(master, await newPassphrase(newPassphraseFile), random), undefined, 2)}\n`;

const mustBeFree = (file: string): void => {
  if (existsSync(file))
    throw new ConfigError(
      'config.invalid',
      `there is a master key in ${file} already; without it nothing it sealed opens again, so it is not overwritten`,
    );
};

/** Makes the master key where the configuration says: in a keystore under a passphrase, or in a key file. */
export const createKey = async (config: Config, { reason, ...options }: CreateKey & { readonly reason: string }): Promise<void> => {
  const file = config.keys.master_key_file;
  mustBeFree(file);
  const master = new Secret(randomBytes(32));
  await writeSecretFile(file, await textOf(master, options));
  print(
    `made the master key ${fingerprintOf(master)} in ${file}\nkeep a copy elsewhere ("keys export"): without it neither state nor backups open\n`,
  );
  // As a rule there is no broker yet: the first start writes it.
  await keepAct(config, { act: 'key-created', reason, details: { masterKey: fingerprintOf(master) } });
};

/** What is known of the keys in public. */
export const showKeys = async (config: Config, { json }: { readonly json: boolean }): Promise<void> => {
  const { general, keys } = config;
  const master = await readMasterKey(keys);
  const file = await readSecretText(keys.master_key_file, 'keys.master_key_file', 'the master key');
  const sources = sourcesOf(general.name);
  const secrets = signingSecretsOf(deriver(master, general.name));
  const shown = {
    masterKey: fingerprintOf(new Secret(master)),
    file: keys.master_key_file,
    passphrase: file.startsWith('{'),
    publicKeys: {
      [sources.observation]: toHex(publicKeyOf(secrets.observation)),
      [sources.crypto]: toHex(publicKeyOf(secrets.crypto)),
      [sources.connection]: toHex(publicKeyOf(secrets.connection)),
      [sources.integrity]: toHex(publicKeyOf(secrets.integrity)),
      [sources.operator]: toHex(publicKeyOf(secrets.operator)),
      [sources.backup]: toHex(backupKeysOf(master, general.name).publicKey),
    },
    pinned: Object.fromEntries(
      enabledNetworks(config).map((network) => [sources.processor(network), keys.pins[sources.processor(network)] ?? null]),
    ),
  };
  if (json) {
    print(`${JSON.stringify(shown)}\n`);
    return;
  }
  const lines = (rows: Readonly<Record<string, string | null>>): string =>
    Object.entries(rows)
      .map(([source, key]) => `  ${source.padEnd(34)} ${key ?? 'none'}\n`)
      .join('');
  print(
    `master key ${shown.masterKey} in ${shown.file}, ${shown.passphrase ? 'under a passphrase' : 'in clear'}\npublic keys, to be pinned by processors and consumers:\n${lines(shown.publicKeys)}pinned here ([keys.pins]):\n${lines(shown.pinned)}`,
  );
};

/** Puts the master key under another passphrase; one that stood in clear is under one from then on. */
export const changePassphrase = async (
  config: Config,
  { newPassphraseFile, reason }: Pick<CreateKey, 'newPassphraseFile'> & { readonly reason: string },
): Promise<void> => {
  const { keys } = config;
  const master = new Secret(await readMasterKey(keys));
  await writeSecretFile(
    keys.master_key_file,
    await textOf(master, { plain: false, ...(newPassphraseFile === undefined ? {} : { newPassphraseFile }) }),
  );
  print(`${keys.master_key_file} is under the new passphrase\n`);
  if (keys.passphrase_file !== undefined)
    print(`put it into keys.passphrase_file ${keys.passphrase_file}, too: the next start reads it there\n`);
  await recordAct(config, { act: 'passphrase-changed', reason, details: { masterKey: fingerprintOf(master) } });
};

/** Takes the master key over from a file that `keys export` made, or that holds it as hex. */
export const importKey = async (
  config: Config,
  {
    from,
    passphraseFile,
    reason,
    ...options
  }: CreateKey & { readonly from: string; readonly passphraseFile?: string; readonly reason: string },
): Promise<void> => {
  const { keys } = config;
  mustBeFree(keys.master_key_file);
  const master = new Secret(await readMasterKey({ ...keys, master_key_file: from, passphrase_file: passphraseFile }));
  await writeSecretFile(keys.master_key_file, await textOf(master, options));
  print(`the master key ${fingerprintOf(master)} is in ${keys.master_key_file}\n`);
  await keepAct(config, { act: 'key-imported', reason, details: { masterKey: fingerprintOf(master) } });
};

/** Writes the master key to another file, under a passphrase of its own or in clear. */
export const exportKey = async (
  config: Config,
  { to, reason, ...options }: CreateKey & { readonly to: string; readonly reason: string },
): Promise<void> => {
  const { keys } = config;
  mustBeFree(to);
  const master = new Secret(await readMasterKey(keys));
  await writeSecretFile(to, await textOf(master, options));
  print(`wrote the master key ${fingerprintOf(master)} to ${to}; keep it away from this machine\n`);
  await recordAct(config, { act: 'key-exported', reason, details: { masterKey: fingerprintOf(master) } });
};

/** Gives an open store a fresh data key and seals everything with it, while the store is in use; one that was begun is brought to its end. */
export const rotateDataKey = async (
  store: SealedStore,
  tell: (line: string) => void,
): Promise<{ readonly dataKey: number; readonly values: number }> => {
  if (store.dataKeys.older.length === 0) await store.newDataKey();
  const values = await store.reseal({
    progress: (done) => {
      tell(`${store.storeId}: ${String(done)} values sealed anew`);
    },
  });
  return { dataKey: store.dataKeys.current, values };
};

/** Gives every store a fresh data key: by the modules that run, while they do, and those of the others. */
export const rotateKeys = async (config: Config, { json, reason }: ReasonedCommand): Promise<void> => {
  const master = await readMasterKey(config.keys);
  const tell = progress();
  const rotated: RotatedStore[] = [];
  const take = (one: RotatedStore): void => {
    rotated.push(one);
    const { module, dataKey, values } = one;
    if (!json) print(`${module}: data key ${String(dataKey)}, ${String(values)} values sealed anew; the older keys are gone\n`);
  };
  for (const one of (await askToWork(config, { do: 'rotate-keys' }))?.rotated ?? []) take(one);
  const done = new Set(rotated.map(({ module }) => module));
  for (const module of MODULES.filter((name) => !done.has(name) && existsSync(storeFolder(config, name)))) {
    await using opened = new AsyncDisposableStack();
    const store = opened.adopt(await openModuleStore(config, module, { master }), (it) => it.close());
    take({ module, ...(await rotateDataKey(store, tell)) });
  }
  if (rotated.length === 0) modulesWithStores(config);
  const dataKeys = Object.fromEntries(rotated.map(({ module, dataKey }) => [module, String(dataKey)]));
  if (json) print(`${JSON.stringify(Object.fromEntries(rotated.map(({ module, ...one }) => [module, one])))}\n`);
  await recordAct(config, { act: 'keys-rotated', reason, details: dataKeys });
};
