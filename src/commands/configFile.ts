import { access, mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigError } from '../core/configError.ts';
import { type ConfigOrigin, readConfigSources } from '../core/configSources.ts';
import { EXIT } from '../core/exitCodes.ts';
import { checkConfig, judgeConfig } from '../core/loadConfig.ts';
import { shownConfig } from '../core/shownConfig.ts';
import { startingConfig } from '../core/startingConfig.ts';
import { tomlValue } from '../core/tomlValue.ts';
import { columns } from './columns.ts';
import type { Configured } from './configured.ts';
import { printable } from './printable.ts';

export interface ConfigCommand extends Configured {
  readonly json: boolean;
}

/** Says whether a configuration can be used, with everything that is wrong with it; returns the exit code, or throws ConfigError without `json`. */
export const checkConfigFile = ({ config: file, set, json }: ConfigCommand): number => {
  const sources = readConfigSources(file, process.env, set);
  if (json) {
    const verdict = judgeConfig(sources);
    const faults = 'faults' in verdict ? verdict.faults : [];
    process.stdout.write(`${JSON.stringify({ file, valid: faults.length === 0, faults })}\n`);
    return faults.length === 0 ? 0 : EXIT.config;
  }
  const { general } = checkConfig(file, sources);
  process.stdout.write(`${file} can be used: deployment ${general.name}; doctor looks at what it names\n`);
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
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, startingConfig(), { flag: 'wx' });
  process.stdout.write(
    `${file} is written; fill it in, then:\n  npm run -s coordinator -- config check --config ${file}\n  npm run -s coordinator -- keys create --config ${file}\n  npm run -s coordinator -- doctor --config ${file}\n`,
  );
};
