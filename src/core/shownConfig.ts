import { CONFIG_KEYS, type ConfigKey } from './configKeys.ts';
import { type ConfigOrigin, type ConfigSources, valueAt } from './configSources.ts';

/** A key with the value that holds, and where that comes from. */
export interface ShownKey {
  readonly key: string;
  /** As it is written in the file. */
  readonly value: unknown;
  readonly from: ConfigOrigin | { readonly from: 'default' };
}

const HIDDEN = '(hidden)';

/** An address without what may be a password in it. */
const withoutPassword = (text: string): string =>
  text.replace(/(:\/\/)[^/@]+@/, `$1${HIDDEN}@`).replace(/^([a-z0-9]+:\/\/[^?]*\?).+$/i, `$1${HIDDEN}`);

const shown = (value: unknown, hidden: boolean): unknown => {
  if (hidden) return HIDDEN;
  if (typeof value === 'string') return withoutPassword(value);
  return Array.isArray(value) ? value.map((one: unknown) => shown(one, false)) : value;
};

/** The configuration that holds, key by key, in the order of the schema; keys of sections that are not there are left out. */
export const shownConfig = ({ tree, originOf }: ConfigSources): ShownKey[] => {
  const isThere = ({ path, fallback }: ConfigKey): boolean => fallback !== undefined || valueAt(tree, path) !== undefined;
  const absent = CONFIG_KEYS.filter((key) => key.isSection && !isThere(key)).map(({ path }) => `${path.join('.')}.`);
  return CONFIG_KEYS.filter((key) => !key.isSection && isThere(key)).flatMap(({ path, fallback, hidden }): ShownKey[] => {
    const key = path.join('.');
    if (absent.some((section) => key.startsWith(section))) return [];
    const given = valueAt(tree, path);
    if (given === undefined) return [{ key, value: fallback, from: { from: 'default' } }];
    return [{ key, value: shown(given, hidden), from: originOf(path) ?? { from: 'default' } }];
  });
};
