import { access, mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigError } from '../core/configError.ts';
import type { Config } from '../core/configSchema.ts';
import { type ConfigOrigin, type ConfigSources, readConfigSources } from '../core/configSources.ts';
import { enabledNetworks } from '../core/enabledNetworks.ts';
import { EXIT } from '../core/exitCodes.ts';
import { checkConfig, judgeConfig } from '../core/loadConfig.ts';
import { shownConfig } from '../core/shownConfig.ts';
import { startingConfig } from '../core/startingConfig.ts';
import { tomlValue } from '../core/tomlValue.ts';
import { sourcesOf } from '../domain/topics.ts';
import { columns } from './columns.ts';
import type { Configured } from './configured.ts';
import { CALLED_AS } from './examples.ts';
import { printable } from './printable.ts';
import { driverOf } from './stores.ts';

export interface ConfigCommand extends Configured {
  readonly json: boolean;
}

/** What a configuration that can be used will not do, though one may expect it. */
const notesOn = (config: Config): string[] => {
  const { processor } = sourcesOf(config.general.name);
  return enabledNetworks(config)
    .filter((network) => config.keys.pins[processor(network)] === undefined)
    .map(
      (network) => `chains.${network.toLowerCase()}: keys.pins has no "${processor(network)}", so nothing its processor says is believed`,
    );
};

/** Everything that keeps a configuration from being used. */
const faultsOf = (sources: ConfigSources): readonly string[] => {
  const verdict = judgeConfig(sources);
  if ('faults' in verdict) return verdict.faults;
  try {
    driverOf(verdict.config);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return [error.message];
    throw error;
  }
};

/** Says whether a configuration can be used, with everything that is wrong with it; returns the exit code, or throws ConfigError without `json`. */
export const checkConfigFile = ({ config: file, set, json }: ConfigCommand): number => {
  const sources = readConfigSources(file, process.env, set);
  const faults = faultsOf(sources);
  if (faults.length > 0 && json) {
    process.stdout.write(`${JSON.stringify({ file, valid: false, faults, notes: [] })}\n`);
    return EXIT.config;
  }
  const config = checkConfig(file, sources);
  driverOf(config);
  const notes = notesOn(config);
  if (json) process.stdout.write(`${JSON.stringify({ file, valid: true, faults, notes })}\n`);
  else
    process.stdout.write(
      [
        `${file} can be used: deployment ${config.general.name}; doctor looks at what it names`,
        ...notes.map((note) => `note: ${note}`),
        '',
      ].join('\n'),
    );
  return 0;
};

const originText = (origin: ConfigOrigin | { readonly from: 'default' }): string => {
  if (origin.from === 'file') return `line ${String(origin.line)}`;
  return origin.from === 'default' ? 'default' : origin.as;
};

/** Shows the configuration that holds, and where each value comes from; secrets are never in it, only where they lie. */
export const showConfigFile = ({ config: file, set, json }: ConfigCommand): void => {
  const sources = readConfigSources(file, process.env, set);
  checkConfig(file, sources);
  const keys = shownConfig(sources);
  if (json) {
    const told = Object.fromEntries(keys.map(({ key, value, from }) => [key, { value, ...from }]));
    process.stdout.write(`${JSON.stringify({ file, keys: told })}\n`);
    return;
  }
  process.stdout.write(columns(keys.map(({ key, value, from }) => [`${key} = ${printable(tomlValue(value))}`, `# ${originText(from)}`])));
};

/** Writes a commented configuration file to begin with; throws ConfigError `config.invalid` where there is a file already. */
export const initConfigFile = async (file: string): Promise<void> => {
  const there = await access(file).then(
    () => true,
    () => false,
  );
  if (there) throw new ConfigError('config.invalid', `there is a file ${file} already; it is not overwritten`);
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, startingConfig(), { flag: 'wx' });
  } catch (cause) {
    throw new ConfigError('config.invalid', `cannot write ${file} (${String(cause)}); name a file in a folder of yours`, { cause });
  }
  const then = ['config check', 'keys create', 'doctor'].map((line) => `  ${CALLED_AS} ${line} --config ${file}\n`);
  process.stdout.write(`${file} is written; fill it in, then:\n${then.join('')}`);
};
