import { z } from 'zod';
import { configSchema } from './configSchema.ts';

/** JSON Schema, as far as the configuration's uses it, with what `meta` adds. */
interface Schema {
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly kind?: string;
  readonly unit?: string;
  readonly example?: unknown;
  readonly secret?: boolean;
  readonly hidden?: boolean;
}

/** A key of the configuration, or a section of it, as the schema tells of it. */
export interface ConfigKey {
  /** As in `kafka.sasl.username`. */
  readonly path: readonly string[];
  /** Whether it holds keys of its own. */
  readonly isSection: boolean;
  /** Its type in words. */
  readonly type: string;
  /** Whether its value is text, also where it looks like a number. */
  readonly isText: boolean;
  readonly what: string;
  readonly unit?: string;
  /** Whether the section it stands in cannot do without it. */
  readonly required: boolean;
  /** What holds where it is not given; of a section, that its keys' own hold. */
  readonly fallback?: unknown;
  /** What `config init` begins with. */
  readonly example?: unknown;
  /** Whether it names the place where a secret lies. */
  readonly secret: boolean;
  /** Whether its value is not shown. */
  readonly hidden: boolean;
}

const TYPES: Readonly<Record<string, string>> = { string: 'text', integer: 'whole number', boolean: 'true or false', object: 'section' };

const typeOf = ({ kind, type = '', enum: values, items, minimum, maximum, secret }: Schema): string => {
  if (kind !== undefined) return kind;
  if (secret === true) return 'file, or `env:NAME`';
  if (values !== undefined) return `one of ${values.map((value) => `\`${value}\``).join(', ')}`;
  if (items !== undefined) return `list of ${typeOf(items)}s`;
  const range = type === 'integer' && minimum !== undefined && maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  return `${TYPES[type] ?? type}${range ? `, ${String(minimum)} to ${String(maximum)}` : ''}`;
};

const keysOf = ({ properties = {}, required = [] }: Schema, above: readonly string[]): ConfigKey[] =>
  Object.entries(properties).flatMap(([name, field]) => {
    const path = [...above, name];
    const isSection = field.properties !== undefined;
    const key: ConfigKey = {
      path,
      isSection,
      type: typeOf(field),
      isText: field.type === 'string',
      what: field.description ?? '',
      required: required.includes(name) && field.default === undefined,
      secret: field.secret === true,
      hidden: field.hidden === true,
      ...(field.unit === undefined ? {} : { unit: field.unit }),
      ...(field.default === undefined ? {} : { fallback: field.default }),
      ...(field.example === undefined ? {} : { example: field.example }),
    };
    return [key, ...keysOf(field, path)];
  });

/** Every section and key of the configuration, in the order of the schema; a section comes before its keys. */
export const CONFIG_KEYS: readonly ConfigKey[] = keysOf(
  z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as Schema,
  [],
);

/** The name a secret has itself, of which the configuration names only the place: `password` for `password_file`. */
const secretName = (path: readonly string[]): string => path.join('.').replace(/_file$/, '');

/** The keys that name the place of a secret, by the name the secret has itself. */
export const SECRETS: ReadonlyMap<string, ConfigKey> = new Map(
  CONFIG_KEYS.filter(({ secret }) => secret).map((key) => [secretName(key.path), key]),
);
