import { CONFIG_KEYS, type ConfigKey } from './configKeys.ts';
import { tomlValue } from './tomlValue.ts';

const parentOf = ({ path }: ConfigKey): string => path.slice(0, -1).join('.');
const nameOf = ({ path }: ConfigKey): string => path.at(-1) ?? '';

/** What stands behind a key that nothing is known of but its type. */
const placeholder = (type: string): unknown => {
  if (type === 'true or false') return false;
  return /^one of `([^`]+)`/.exec(type)?.[1] ?? '…';
};

const linesOf = (key: ConfigKey, active: boolean): string[] => {
  const { what, type, unit, required, fallback, example } = key;
  const kind = [type, ...(unit === undefined ? [] : [unit])].join(', ').replaceAll('`', '');
  const given = active && (required || example !== undefined);
  const value = given ? (example ?? fallback) : (fallback ?? example ?? placeholder(type));
  return [`# ${what.replaceAll('`', '')} (${kind})`, `${given ? '' : '# '}${nameOf(key)} = ${tomlValue(value)}`];
};

const sectionLines = (section: ConfigKey, above: boolean): string[] => {
  const { path, what, required, example } = section;
  const active = above && (required || example !== undefined);
  const name = path.join('.');
  const inside = CONFIG_KEYS.filter((key) => parentOf(key) === name);
  const own = inside.filter(({ isSection }) => !isSection);
  return [
    ...(own.length === 0 ? [] : ['', `# ${what.replaceAll('`', '')}`, `${active ? '' : '# '}[${name}]`]),
    ...own.flatMap((key) => linesOf(key, active)),
    ...inside.filter(({ isSection }) => isSection).flatMap((key) => sectionLines(key, active)),
  ];
};

/** A configuration file to begin with: every key there is, with what it means; those that one can do without are comments. */
export const startingConfig = (): string =>
  `${[
    '# Configuration of a Serai coordinator. What is a comment holds as it stands there; docs/configuration.md lists every key.',
    '# Environment variables and --set override it: COORDINATOR_KAFKA__KAFKA_PORT=9093, --set kafka.kafka_port=9093.',
    ...CONFIG_KEYS.filter((key) => key.isSection && key.path.length === 1).flatMap((key) => sectionLines(key, true)),
  ].join('\n')}\n`;
