import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigError } from '../core/configError.ts';
import { fromHex } from '../domain/hex.ts';

/** Reads a secret from its file, without the white space around it; refuses a file that others can read. */
export const readSecretText = async (file: string, what: string, expected: string): Promise<string> => {
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
    if (((await stat(file)).mode & 0o077) !== 0)
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
