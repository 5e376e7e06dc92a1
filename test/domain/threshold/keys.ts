import { randomBytes } from '@noble/hashes/utils.js';
import { dkgBegin, dkgFinish, dkgShares, type KeyShare } from '../../../src/domain/threshold/dkg.ts';

const get = <K, V>(map: ReadonlyMap<K, V>, key: K): V => {
  const value = map.get(key);
  if (value === undefined) throw new Error(`nothing under ${String(key)}`);
  return value;
};

/** A key generation among n participants in memory. */
export const generate = (t: number, n: number): KeyShare[] => {
  const begun = Array.from({ length: n }, (_, at) => dkgBegin({ index: at + 1, t, n }, randomBytes));
  const messages = new Map(begun.map(({ message }, at) => [at + 1, message]));
  const shares = begun.map(({ secret }) => dkgShares(secret, messages));
  return begun.map(({ secret }, at) => {
    const mine = new Map(shares.flatMap((from, other) => (other === at ? [] : [[other + 1, get(from, at + 1)] as const])));
    return dkgFinish(secret, messages, mine);
  });
};

/** All choices of k out of the items. */
export const choose = <T>(items: readonly T[], k: number): T[][] => {
  if (k === 0) return [[]];
  return items.flatMap((item, at) => choose(items.slice(at + 1), k - 1).map((rest) => [item, ...rest]));
};
