import { createHash } from 'node:crypto';
import { type Hex, toHex } from '../../domain/hex.ts';
import type { Row, Store } from '../store.ts';
import { encodeRows } from './chunks.ts';

/** SHA-256 of the rows of one snapshot, in order, as backups hold them; rows that `of` does not name are passed over. */
export const digestOfRows = async (store: Pick<Store, 'snapshot'>, of: (row: Row) => boolean = () => true): Promise<Hex> => {
  const digest = createHash('sha256');
  for await (const rows of store.snapshot()) digest.update(encodeRows(rows.filter(of)));
  return toHex(digest.digest());
};
