import { readFileSync } from 'node:fs';
import toml from 'toml';
import { z } from 'zod';
import { ConfigError } from './configError.ts';
import { type Config, configSchema } from './configSchema.ts';

type Tree = Record<string, unknown>;

/** The line of a key in the file, or of its section where the key is not there; undefined where neither is. */
const lineOf = (text: string, [section, key]: readonly PropertyKey[]): number | undefined => {
  let inSection = false;
  let sectionLine: number | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^\s*\[\[?([^\]]+)\]/.exec(line)?.[1];
    if (header !== undefined) {
      inSection = header.split('.')[0]?.trim() === String(section);
      if (inSection) sectionLine ??= index + 1;
    } else if (inSection && key !== undefined && new RegExp(`^\\s*"?${String(key).replaceAll(/\W/g, '\\$&')}"?\\s*=`).test(line))
      return index + 1;
  }
  return sectionLine;
};

/** Levenshtein's distance. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(b).entries())
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)));
    row = next;
  }
  return row.at(-1) ?? 0;
};

const suggestion = (word: string, known: readonly string[]): string => {
  const [best] = known.map((name) => ({ name, far: distance(word, name) })).sort((a, b) => a.far - b.far);
  return best !== undefined && best.far <= Math.max(2, word.length / 3)
    ? `; did you mean "${best.name}"?`
    : `; known here: ${known.join(', ')}`;
};

/** The keys the schema knows at a path. */
const knownAt = (path: readonly PropertyKey[]): string[] => {
  let schema: unknown = configSchema;
  for (const part of path) {
    schema = schema instanceof z.ZodObject ? schema.shape[String(part)] : undefined;
    if (schema instanceof z.ZodOptional) schema = schema.unwrap();
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
};

const explain = (text: string, issue: z.core.$ZodIssue): string[] => {
  const at = (path: readonly PropertyKey[]): string => {
    const line = lineOf(text, path);
    return line === undefined ? '' : `line ${String(line)}: `;
  };
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map(
      (key) => `${at([...issue.path, key])}${[...issue.path, key].join('.')} is not a key${suggestion(key, knownAt(issue.path))}`,
    );
  const missing = issue.code === 'invalid_type' && issue.input === undefined;
  return [`${at(issue.path)}${issue.path.join('.')}: ${missing ? `missing; ${issue.message}` : issue.message}`];
};

const set = (tree: Tree, path: readonly string[], value: unknown): void => {
  const [head = '', ...rest] = path;
  if (rest.length === 0) {
    tree[head] = value;
    return;
  }
  const child = tree[head];
  const next: Tree = typeof child === 'object' && child !== null ? (child as Tree) : {};
  tree[head] = next;
  set(next, rest, value);
};

/** A value given as text: what JSON reads it as, or the text itself. */
const valueOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const PREFIX = 'COORDINATOR_';

/**
 * Reads a configuration: the file, then environment variables (`COORDINATOR_KAFKA__KAFKA_PORT=9093`), then `--set kafka.kafka_port=9093`.
 * Everything wrong is listed at once, with line and suggestion: ConfigError `config.invalid`; `config.missing` without the file.
 */
export const loadConfig = (file: string, env: Readonly<Record<string, string | undefined>>, overrides: readonly string[]): Config => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(
      'config.missing',
      `cannot read ${file} (${String(cause)}); give the path of a configuration file, as in config/local.toml`,
      { cause },
    );
  }
  const tree = parse(file, text);
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || value === undefined) continue;
    set(tree, name.slice(PREFIX.length).toLowerCase().split('__'), valueOf(value));
  }
  for (const override of overrides) {
    const [path = '', ...rest] = override.split('=');
    if (rest.length === 0) throw new ConfigError('config.invalid', `--set ${override}: expected section.key=value`);
    set(tree, path.split('.'), valueOf(rest.join('=')));
  }
  const parsed = configSchema.safeParse(tree, { reportInput: true });
  if (parsed.success) return Object.freeze(parsed.data);
  const faults = parsed.error.issues.flatMap((issue) => explain(text, issue));
  throw new ConfigError('config.invalid', `${file} cannot be used:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
};

const parse = (file: string, text: string): Tree => {
  try {
    return toml.parse(text) as Tree;
  } catch (cause) {
    const { location, message } = cause as { readonly location?: { readonly start: { readonly line: number } }; readonly message: string };
    const line = location?.start.line;
    throw new ConfigError('config.invalid', `${file} is not TOML: ${line === undefined ? '' : `line ${String(line)}: `}${message}`, {
      cause,
    });
  }
};
