import { z } from 'zod';
import { ConfigError } from './configError.ts';
import { CONFIG_KEYS } from './configKeys.ts';
import { type Config, configSchema } from './configSchema.ts';
import { type ConfigOrigin, type ConfigSources, readConfigSources, valueAt } from './configSources.ts';

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

/** Where a reader has to look: a line of the file, or how else it was given. */
const placeOf = (origin: ConfigOrigin | undefined): string => {
  if (origin === undefined) return '';
  return origin.from === 'file' ? `line ${String(origin.line)}: ` : `${origin.as}: `;
};

/** What is wrong, in words of ours: where the schema library has only its own, what the key takes. */
const wordsOf = ({ message, path }: z.core.$ZodIssue): string => {
  if (!/^(Invalid input|Too (small|big)):/.test(message)) return message;
  const key = CONFIG_KEYS.find((one) => one.path.join('.') === path.filter((part) => typeof part === 'string').join('.'));
  return key === undefined ? message : `expected ${key.type.replaceAll('`', '')}`;
};

const explain = ({ tree, originOf }: ConfigSources, issue: z.core.$ZodIssue): string[] => {
  if (issue.code === 'unrecognized_keys')
    return issue.keys
      .filter((key) => valueAt(tree, [...issue.path, key]) !== undefined)
      .map((key) => {
        const path = [...issue.path, key];
        return `${placeOf(originOf(path))}${path.join('.')} is not a key${suggestion(key, knownAt(issue.path))}`;
      });
  const missing = issue.code === 'invalid_type' && issue.input === undefined;
  const message = wordsOf(issue);
  return [`${placeOf(originOf(issue.path))}${issue.path.join('.')}: ${missing ? `missing; ${message}` : message}`];
};

/**
 * Reads a configuration and checks it (configSources.ts says from where). Everything wrong is listed at once, with line and suggestion:
 * ConfigError `config.invalid`; `config.missing` without the file.
 */
export const loadConfig = (file: string, env: Readonly<Record<string, string | undefined>>, overrides: readonly string[]): Config =>
  checkConfig(file, readConfigSources(file, env, overrides));

/** Checks a configuration as it was given: the configuration, or everything that is wrong with it. */
export const judgeConfig = (sources: ConfigSources): { readonly config: Config } | { readonly faults: readonly string[] } => {
  const parsed = configSchema.safeParse(sources.tree, { reportInput: true });
  if (parsed.success && sources.faults.length === 0) return { config: Object.freeze(parsed.data) };
  return { faults: [...sources.faults, ...(parsed.error?.issues ?? []).flatMap((issue) => explain(sources, issue))] };
};

/** Checks a configuration as it was given; throws ConfigError `config.invalid` that lists everything wrong with it. */
export const checkConfig = (file: string, sources: ConfigSources): Config => {
  const verdict = judgeConfig(sources);
  if ('config' in verdict) return verdict.config;
  throw new ConfigError('config.invalid', `${file} cannot be used:\n${verdict.faults.map((fault) => `  ${fault}`).join('\n')}`);
};
