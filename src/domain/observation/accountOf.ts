import { fromHex, type Hex } from '../hex.ts';
import { encodeSs58 } from '../serai/ss58.ts';
import type { Account } from './fields.ts';

/** Addresses made before; an address costs two hashes, and the same accounts come again and again. */
const known = new Map<Hex, Account>();
const remembered = 4096;

/** An account as records name it, from its public key in hex. */
export const accountOf = (publicKey: Hex): Account => {
  const before = known.get(publicKey);
  if (before !== undefined) return before;
  const account = { address: encodeSs58(fromHex(publicKey)), publicKey };
  if (known.size >= remembered) known.clear();
  known.set(publicKey, account);
  return account;
};
