/** JSON Schema, as far as our schemas use it. */
export interface Schema {
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | false;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'number',
  integer: 'number',
  boolean: 'yes or no',
  object: 'object',
};

const typeOf = ({ type = '', items, additionalProperties }: Schema): string => {
  if (items !== undefined) return items.properties === undefined ? `list of ${typeOf(items)}s` : 'list';
  return typeof additionalProperties === 'object' ? `${typeOf(additionalProperties)} by name` : (TYPES[type] ?? type);
};

/** The rows of a schema's fields, and of those below them. */
const rowsOf = ({ properties = {}, required = [] }: Schema, path: string): string[] =>
  Object.entries(properties).flatMap(([name, field]) => {
    const own = field.anyOf?.find(({ type }) => type !== 'null') ?? field;
    const suffixes = [...(own === field ? [] : ['or null']), ...(required.includes(name) ? [] : ['may be missing'])];
    const here = `${path}${name}`;
    const row = `| \`${here}\` | ${[typeOf(own), ...suffixes].join(', ')} | ${field.description ?? ''} |`;
    return [row, ...rowsOf(own.items ?? own, own.items === undefined ? `${here}.` : `${here}[].`)];
  });

/** Every field of an object as rows of a table in Markdown: its path, its type, what it says. */
export const fieldTable = (schema: Schema): string => ['| field | type | what |', '|---|---|---|', ...rowsOf(schema, '')].join('\n');
