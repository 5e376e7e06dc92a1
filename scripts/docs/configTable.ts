import { CONFIG_KEYS, type ConfigKey } from '../../src/core/configKeys.ts';
import { tomlValue } from '../../src/core/tomlValue.ts';

const fallbackOf = ({ isSection, required, fallback }: ConfigKey): string => {
  if (required) return 'required';
  return fallback === undefined || isSection ? '–' : `\`${tomlValue(fallback)}\``;
};

/** Every key of the configuration as rows of a table in Markdown: its path, its type, its default, its unit, what it means. */
export const configTable = (): string =>
  [
    '| key | type | default | unit | what |',
    '|---|---|---|---|---|',
    ...CONFIG_KEYS.map((key) => `| \`${key.path.join('.')}\` | ${key.type} | ${fallbackOf(key)} | ${key.unit ?? '–'} | ${key.what} |`),
  ].join('\n');
