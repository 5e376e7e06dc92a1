import { encodeAddress } from '@polkadot/util-crypto';
import { fromHex, type Hex } from '../hex.ts';
import type { Account } from './fields.ts';

/** Serai's addresses have Substrate's generic prefix (golden README, runtime_version.json). */
const ss58Prefix = 42;

/** Addresses made before; an address costs two hashes, and the same accounts come again and again. */
const known = new Map<Hex, Account>();
const remembered = 4096;

/** An account as records name it, from its public key in hex. */
export const accountOf = (publicKey: Hex): Account => {
  const before = known.get(publicKey);
  if (before !== undefined) return before;
  const account = { address: encodeAddress(fromHex(publicKey), ss58Prefix), publicKey };
  if (known.size >= remembered) known.clear();
  known.set(publicKey, account);
  return account;
};
