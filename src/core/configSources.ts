import { readFileSync } from 'node:fs';
import toml from 'toml';
import { ConfigError } from './configError.ts';
import { CONFIG_KEYS, SECRETS } from './configKeys.ts';
import { configLines } from './configLines.ts';

export type ConfigTree = Record<string, unknown>;

/** Where a value was given. */
export type ConfigOrigin = { readonly from: 'file'; readonly line: number } | { readonly from: 'environment' | 'set'; readonly as: string };

/** A configuration as it was given, not yet checked. */
export interface ConfigSources {
  readonly tree: ConfigTree;
  /** Where a key was given, or the closest section above it that was; undefined where neither was. */
  readonly originOf: (path: readonly PropertyKey[]) => ConfigOrigin | undefined;
  /** What is wrong with how it was given. */
  readonly faults: readonly string[];
}

const PREFIX = 'COORDINATOR_';

const put = (tree: ConfigTree, path: readonly string[], value: unknown): void => {
  const [head = '', ...rest] = path;
  if (rest.length === 0) {
    tree[head] = value;
    return;
  }
  const child = tree[head];
  const next = typeof child === 'object' && child !== null ? (child as ConfigTree) : (Object.create(null) as ConfigTree);
  tree[head] = next;
  put(next, rest, value);
};

/** The keys of a tree that are secrets themselves, and those that should name their places. */
const secretsIn = (tree: ConfigTree): { readonly name: string; readonly place: string }[] =>
  [...SECRETS]
    .filter(([name]) => valueAt(tree, name.split('.')) !== undefined)
    .map(([name, { path }]) => ({ name, place: path.join('.') }));

/** The path of the key that a variable of the environment is for: names of variables do not tell small letters from capital ones. */
const pathOf = (variable: string): readonly string[] => {
  const name = variable.slice(PREFIX.length).toLowerCase().replaceAll('__', '.');
  return CONFIG_KEYS.find(({ path }) => path.join('.').toLowerCase() === name)?.path ?? name.split('.');
};

/** The value at a path of a tree; undefined where there is none. */
export const valueAt = (tree: unknown, path: readonly PropertyKey[]): unknown => {
  let value = tree;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
};

/** The keys whose value is text. */
const TEXTS: ReadonlySet<string> = new Set(CONFIG_KEYS.filter(({ isText }) => isText).map(({ path }) => path.join('.')));

/** A value given as text for a key: what JSON reads it as, or the text itself. */
const valueOf = (path: readonly string[], text: string): unknown => {
  if (TEXTS.has(path.join('.')) && !text.startsWith('"')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const readTree = (file: string, text: string): ConfigTree => {
  try {
    return toml.parse(text) as ConfigTree;
  } catch (cause) {
    const { location, message } = cause as { readonly location?: { readonly start: { readonly line: number } }; readonly message: string };
    const line = location?.start.line;
    throw new ConfigError('config.invalid', `${file} is not TOML: ${line === undefined ? '' : `line ${String(line)}: `}${message}`, {
      cause,
    });
  }
};

const readText = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(
      'config.missing',
      `cannot read ${file} (${String(cause)}); give the path of a configuration file, as in config/local.toml; "config init" writes one`,
      { cause },
    );
  }
};

/**
 * Puts a configuration together: the file, then environment variables (`COORDINATOR_KAFKA__KAFKA_PORT=9093`), then `--set kafka.kafka_port=9093`.
 * A secret is taken from a file of its own or from the environment (`COORDINATOR_KAFKA__SASL__PASSWORD`), of which the tree holds only the
 * name: never from `--set`, because every user of the machine can read the arguments of a process. Throws ConfigError `config.missing` without
 * the file, `config.invalid` where it is no TOML.
 */
export const readConfigSources = (
  file: string,
  env: Readonly<Record<string, string | undefined>>,
  overrides: readonly string[],
): ConfigSources => {
  const text = readText(file);
  const tree = readTree(file, text);
  const lines = configLines(text);
  const given = new Map<string, ConfigOrigin>();
  const originOf = (path: readonly PropertyKey[]): ConfigOrigin | undefined => {
    const sections = path.map((_, index) => path.slice(0, path.length - index));
    // What replaced a section of the file replaced all that stood in it.
    const replaced = sections.map((section) => given.get(section.map(String).join('.'))).find((origin) => origin !== undefined);
    if (replaced !== undefined) return replaced;
    const line = sections.map(lines).find((found) => found !== undefined);
    return line === undefined ? undefined : { from: 'file', line };
  };
  const faults = secretsIn(tree).map(({ name, place }) => {
    const origin = originOf(name.split('.'));
    const where = origin?.from === 'file' ? `line ${String(origin.line)}: ` : '';
    return `${where}${name}: a secret does not stand in the configuration; put it into a file of its own and name that with ${place}`;
  });
  for (const { name } of secretsIn(tree)) put(tree, name.split('.'), undefined);
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || value === undefined) continue;
    const path = pathOf(variable);
    const secret = SECRETS.get(path.join('.'));
    put(tree, secret?.path ?? path, secret === undefined ? valueOf(path, value) : `env:${variable}`);
    given.set((secret?.path ?? path).join('.'), { from: 'environment', as: variable });
  }
  for (const override of overrides) {
    const [name = '', ...rest] = override.split('=');
    const secret = SECRETS.get(name);
    if (secret !== undefined)
      faults.push(
        `--set ${name}: every user of this machine can read the arguments of a process; put the secret into a file and name it with ${secret.path.join('.')}, or into the variable ${PREFIX}${name.toUpperCase().replaceAll('.', '__')}`,
      );
    else if (rest.length === 0) faults.push(`--set ${override}: expected section.key=value`);
    else {
      put(tree, name.split('.'), valueOf(name.split('.'), rest.join('=')));
      given.set(name, { from: 'set', as: `--set ${name}` });
    }
  }
  return { tree, originOf, faults };
};
