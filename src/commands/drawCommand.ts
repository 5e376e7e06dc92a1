import { ConfigError } from '../core/configError.ts';
import { fromHex } from '../domain/hex.ts';
import { drawParty } from '../domain/party/drawParty.ts';

export interface DrawCommand {
  readonly blockHash: string;
  readonly validators: number;
  readonly threshold: number;
  readonly stream: bigint;
  readonly json: boolean;
}

/** Prints the party that a block hash draws (design §8). */
export const printDraw = ({ blockHash, validators, threshold, stream, json }: DrawCommand): void => {
  if (threshold > validators)
    throw new ConfigError('config.invalid', `--threshold ${String(threshold)} is more than --validators ${String(validators)}`);
  const party = drawParty({ blockHash: fromHex(blockHash), participants: validators, threshold, stream });
  process.stdout.write(`${json ? JSON.stringify({ party }) : party.join(' ')}\n`);
};
