import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ConfigError } from '../core/configError.ts';
import { fromHex } from '../domain/hex.ts';

/** What names a variable of the environment instead of a file. */
const VARIABLE = 'env:';

/** The variable of the environment that holds a secret; undefined where it lies in a file. */
export const variableOf = (place: string): string | undefined => (place.startsWith(VARIABLE) ? place.slice(VARIABLE.length) : undefined);

/** Whether there is something at the place of a secret. */
export const secretExists = (place: string): boolean => {
  const variable = variableOf(place);
  return variable === undefined ? existsSync(place) : process.env[variable] !== undefined;
};

/** The bits of a mode by which others read it. systemd shows a credential's access list as the group's: its folder is closed to all others. */
const othersOf = (file: string): number => {
  const credentials = process.env['CREDENTIALS_DIRECTORY'];
  return credentials !== undefined && dirname(resolve(file)) === resolve(credentials) ? 0o007 : 0o077;
};

/**
 * Reads a secret from its file, or from the environment where the place is `env:NAME`, without the white space around it; refuses a file that
 * others can read.
 */
export const readSecretText = async (file: string, what: string, expected: string): Promise<string> => {
  const variable = variableOf(file);
  if (variable !== undefined) {
    const said = process.env[variable]?.trim() ?? '';
    if (said === '') throw new ConfigError('config.missing', `${what} names the variable ${variable} of the environment, which is not set`);
    return said;
  }
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
    // Windows has no such permissions, and says that everybody may read everything.
    if (((await stat(file)).mode & othersOf(file)) !== 0 && process.platform !== 'win32')
      throw new ConfigError('config.invalid', `${what} ${file} can be read by others; run: chmod 600 ${file}`);
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError('config.missing', `cannot read ${what} ${file}; put ${expected} there, readable by this user only`, { cause });
  }
  if (text === '') throw new ConfigError('config.invalid', `${what} ${file} is empty; put ${expected} there`);
  return text;
};

/** Secret bytes out of hex; `what` says whose, without saying them. */
export const readHexText = (text: string, what: string, lengths: readonly number[]): Uint8Array => {
  if (!/^(0x)?[0-9a-fA-F]+$/.test(text) || !lengths.includes(text.replace(/^0x/, '').length / 2))
    throw new ConfigError('config.invalid', `${what} must hold ${lengths.join(' or ')} bytes of hex`);
  return fromHex(text);
};

/** Reads secret bytes written as hex. */
export const readSecretHex = async (file: string, what: string, lengths: readonly number[]): Promise<Uint8Array> =>
  readHexText(await readSecretText(file, what, `${lengths.join(' or ')} bytes of hex`), `${what} ${file}`, lengths);

/** Writes a secret to its file, readable by this user alone: all of it is there, durable, or what was there before. */
export const writeSecretFile = async (file: string, text: string): Promise<void> => {
  if (variableOf(file) !== undefined)
    throw new ConfigError('config.invalid', `${file} is a variable of the environment, which is not written to; give the path of a file`);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await rm(`${file}.new`, { force: true });
  const handle = await open(`${file}.new`, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
  const folder = await open(dirname(file), 'r');
  await folder.sync().finally(() => folder.close());
};
