import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../core/configError.ts';
import type { Config } from '../core/configSchema.ts';
import { migrateStore } from '../data/migrateStore.ts';
import { openPatientStore, type PatientStore } from '../data/patientStore.ts';
import { openSealedStore, type Progress, type SealedStore } from '../data/sealedStore.ts';
import type { Store, StoreDriver } from '../data/store.ts';
import { StoreError } from '../data/storeError.ts';
import { Secret } from '../domain/sealing/secret.ts';
import { storeDrivers } from '../drivers/storeDrivers.ts';
import { MODULES, type ModuleName } from '../modules/moduleNames.ts';
import { deriver } from './deploymentKeys.ts';

/** Random bytes for keys and nonces. */
export const random = (length: number): Uint8Array => randomBytes(length);

/** Where a deployment's stores lie. */
export const dataFolder = ({ general }: Config): string => join(general.data_dir, general.name);

/** The folder of a module's store. */
export const storeFolder = (config: Config, module: ModuleName): string => join(dataFolder(config), module);

/** The modules that have a store; throws ConfigError `config.missing` where none has: the configuration is of another place. */
export const modulesWithStores = (config: Config): readonly ModuleName[] => {
  const there = MODULES.filter((name) => existsSync(storeFolder(config, name)));
  if (there.length > 0) return there;
  throw new ConfigError(
    'config.missing',
    `there is no store in ${dataFolder(config)}; correct general.data_dir and general.name, or start the coordinator first`,
  );
};

/** What a module's store is called for ever. */
export const storeIdOf = ({ general }: Config, module: ModuleName): string => `${general.name}/${module}`;

/** The driver that `general.store` names. */
export const driverOf = ({ general, keys }: Config, drivers: Readonly<Record<string, StoreDriver>> = storeDrivers): StoreDriver => {
  const driver = drivers[general.store];
  if (driver === undefined)
    throw new ConfigError(
      'config.invalid',
      `general.store: there is no driver "${general.store}"; there are ${Object.keys(drivers).join(', ')}`,
    );
  // What is forgotten at every end cannot keep anyone from signing twice.
  if (general.store === 'memory' && keys.dev_account === undefined)
    throw new ConfigError('config.invalid', 'general.store: "memory" is for development accounts: it forgets at every end what was signed');
  return driver;
};

/** Makes the data folder for this user alone, and refuses one that others can look into. */
export const privateFolder = async (dir: string): Promise<void> => {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const { mode } = await stat(dir);
  if ((mode & 0o077) !== 0 && process.platform !== 'win32')
    throw new StoreError('store.permissions', `the folder ${dir} can be looked into by others; run: chmod 700 ${dir}`);
};

/** Bytes free on the disk of a folder, for this user. */
const roomIn = async (dir: string): Promise<number> => {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
};

export interface OpenModuleStore {
  readonly master: Uint8Array;
  readonly drivers?: Readonly<Record<string, StoreDriver>>;
  /** Takes a backup of the rows as they stand before a migration; without it a store of an older version is refused. */
  readonly backUp?: (rows: Pick<Store, 'snapshot'>) => Promise<unknown>;
  readonly progress?: Progress;
  /** Is given what waits where the disk has no room. */
  readonly opened?: (store: PatientStore) => void;
}

/** What seals a deployment's store in a folder. */
export const sealingOf = (config: Config, module: ModuleName, master: Uint8Array) => ({
  storeId: storeIdOf(config, module),
  key: new Secret(deriver(master, config.general.name)('wrap')),
  random,
});

/** Opens a module's store with the configured driver, sealed; one of an older version is migrated, after a backup of it. */
export const openModuleStore = async (config: Config, module: ModuleName, options: OpenModuleStore): Promise<SealedStore> => {
  const { master, drivers, backUp, progress } = options;
  await privateFolder(dataFolder(config));
  const store = await openPatientStore({
    dir: storeFolder(config, module),
    driver: driverOf(config, drivers),
    room: roomIn,
    reserve: config.general.min_free_mb * 1e6,
    now: Date.now,
    pause: sleep,
  });
  options.opened?.(store);
  try {
    const sealing = sealingOf(config, module, master);
    if (backUp !== undefined) {
      const before = new Secret(deriver(master, config.general.name)('store'));
      await migrateStore(store, { ...sealing, before, backUp, ...(progress === undefined ? {} : { progress }) });
    }
    return await openSealedStore(store, sealing);
  } catch (error) {
    await store.close();
    throw error;
  }
};
