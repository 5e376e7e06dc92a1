import { readFile, stat } from 'node:fs/promises';
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

/** Reads secret bytes written as hex. */
export const readSecretHex = async (file: string, what: string, lengths: readonly number[]): Promise<Uint8Array> => {
  const expected = `${lengths.join(' or ')} bytes of hex`;
  const text = await readSecretText(file, what, expected);
  if (!/^(0x)?[0-9a-fA-F]+$/.test(text) || !lengths.includes(text.replace(/^0x/, '').length / 2))
    throw new ConfigError('config.invalid', `${what} ${file} must hold ${expected}`);
  return fromHex(text);
};
