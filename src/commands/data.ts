import type { Config } from '../core/configSchema.ts';
import { type Checked, checkStore } from '../data/checkStore.ts';
import { StoreError } from '../data/storeError.ts';
import type { ModuleName } from '../modules/moduleNames.ts';
import { readMasterKey } from './deploymentKeys.ts';
import { progress } from './progress.ts';
import { modulesWithStores, openModuleStore } from './stores.ts';

const broken = (message: string): Checked => ({ rows: 0, bytes: 0, epoch: 0, commits: 0, faults: [message] });

const checkModule = async (config: Config, module: ModuleName, master: Uint8Array): Promise<Checked> => {
  const tell = progress();
  try {
    await using opened = new AsyncDisposableStack();
    const store = opened.adopt(await openModuleStore(config, module, { master }), (it) => it.close());
    return await checkStore(store, (rows) => {
      tell(`${module}: ${String(rows)} rows`);
    });
  } catch (error) {
    if (error instanceof StoreError && error.code === 'store.corrupt') return broken(error.message);
    throw error;
  }
};

/** Opens every value of every store of a coordinator that does not run, and checks what the modules rely on; false where something is wrong. */
export const checkData = async (config: Config, { json }: { readonly json: boolean }): Promise<boolean> => {
  const master = await readMasterKey(config.keys);
  const checked: Record<string, Checked> = {};
  for (const module of modulesWithStores(config)) {
    const found = await checkModule(config, module, master);
    checked[module] = found;
    if (json) continue;
    const { rows, bytes, epoch, commits, faults } = found;
    const verdict =
      faults.length === 0
        ? `${String(rows)} rows, ${(bytes / 1e6).toFixed(1)} MB, epoch ${String(epoch)}, commit ${String(commits)}: all is well`
        : `${String(faults.length)} faults`;
    process.stdout.write(`${module}: ${verdict}\n${faults.map((fault) => `  ${fault}\n`).join('')}`);
  }
  if (json) process.stdout.write(`${JSON.stringify(checked)}\n`);
  return Object.values(checked).every(({ faults }) => faults.length === 0);
};
