import type { Hex } from '../hex.ts';
import type { ExternalNetworkName } from '../processor/ids.ts';
import type { Draft } from '../tables.ts';
import { head, networkRow } from './rows.ts';

const NONE: Hex = `0x${'00'.repeat(32)}`;

/**
 * Where a network stands when a processor is told of something: the time of the Serai block, in seconds, and the newest external
 * block that Serai knows, zeros for none. A processor acts on it only once it has seen that block (reference serai.md §b.4).
 */
export const externalContext = (draft: Draft, network: ExternalNetworkName): { seraiTime: string; latestFinalizedBlock: Hex } => ({
  seraiTime: String(Math.floor(Date.parse(head.get(draft, '')?.time ?? '1970-01-01T00:00:00Z') / 1000)),
  latestFinalizedBlock: networkRow(draft, network).latestBlock ?? NONE,
});
