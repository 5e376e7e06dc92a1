import { ConfigError } from '../core/configError.ts';
import type { Config } from '../core/configSchema.ts';
import { devAccount, type Sr25519Pair, sr25519Pair } from '../domain/threshold/schnorrkel.ts';
import { readSecretHex } from './secretFile.ts';

/** The Serai key: of a development account, or from its file. */
export const seraiKey = async ({ keys }: Config): Promise<Sr25519Pair> => {
  if (keys.serai_key_file !== undefined) return sr25519Pair(await readSecretHex(keys.serai_key_file, 'keys.serai_key_file', [32, 64]));
  if (keys.dev_account !== undefined) return devAccount(keys.dev_account);
  throw new ConfigError('config.invalid', '[keys] needs serai_key_file, or dev_account on a development chain');
};
