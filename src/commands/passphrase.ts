import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { ConfigError } from '../core/configError.ts';
import { SHORTEST_PASSPHRASE } from '../domain/sealing/keystore.ts';
import { Secret } from '../domain/sealing/secret.ts';
import { readSecretText } from './secretFile.ts';

/** Asks on the terminal; what is typed is not shown. */
const ask = async (question: string): Promise<string> => {
  if (!process.stdin.isTTY)
    throw new ConfigError(
      'config.missing',
      `${question}: there is no terminal to ask on; put the passphrase into a file and name it (keys.passphrase_file, or --passphrase-file)`,
    );
  process.stderr.write(`${question}: `);
  const mute = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  const lines = createInterface({ input: process.stdin, output: mute, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
};

/** The passphrase of a keystore: out of a file, or asked for. */
export const passphraseFor = async (keystore: string, file: string | undefined): Promise<Secret> =>
  new Secret(
    utf8ToBytes(
      file === undefined ? await ask(`Passphrase of ${keystore}`) : await readSecretText(file, 'keys.passphrase_file', 'the passphrase'),
    ),
  );

/** A new passphrase: out of a file, or asked for twice. */
export const newPassphrase = async (file: string | undefined): Promise<Secret> => {
  const first =
    file === undefined ? await ask('New passphrase') : await readSecretText(file, '--new-passphrase-file', 'the new passphrase');
  if (first.length < SHORTEST_PASSPHRASE)
    throw new ConfigError(
      'config.invalid',
      `a passphrase has at least ${String(SHORTEST_PASSPHRASE)} characters; a few random words are easy to type`,
    );
  if (file === undefined && (await ask('The same again')) !== first)
    throw new ConfigError('config.invalid', 'these were two different passphrases; nothing was changed');
  return new Secret(utf8ToBytes(first));
};
