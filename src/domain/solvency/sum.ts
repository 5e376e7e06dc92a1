import type { ExternalNetworkName } from '../processor/ids.ts';
import type { Draft } from '../tables.ts';
import { type At, batches, booked, burns, failed, fees, MAIN_COIN, standingOf, vaults } from './book.ts';

/** A line of the sum: an amount in the coin's smallest unit, and the block or transaction that it comes from. */
export interface Line {
  readonly account: 'booked' | 'pending-in' | 'failed' | 'pending-out' | 'fees' | 'vault';
  readonly amount: string;
  readonly from: string;
}

/** What a coin comes to at one state of both chains. All amounts are in the coin's smallest unit. */
export interface Sum {
  readonly network: ExternalNetworkName;
  readonly coin: string;
  readonly serai: At;
  readonly external: { readonly height: number; readonly hash: string };
  /** Its supply on Serai. */
  readonly booked: string;
  /** In batches that were observed and are not executed. */
  readonly pendingIn: string;
  /** In batches that were executed, of instructions that failed. */
  readonly failed: string;
  /** Burnt, and not seen paid. */
  readonly pendingOut: string;
  /** Paid by vaults to their network, beside what was burnt. */
  readonly fees: string;
  /** What there must be: booked + pending in + failed + pending out − fees. */
  readonly required: string;
  /** What the vaults hold. */
  readonly vault: string;
  /** Vault − required: below zero, something is missing. */
  readonly difference: string;
}

/** Why nothing can be said yet: one of the chains was heard of further than the other. */
export interface NotYet {
  readonly waitsFor: string;
}

const addUp = (lines: readonly Line[], account: Line['account']): bigint =>
  lines.filter((line) => line.account === account).reduce((sum, { amount }) => sum + BigInt(amount), 0n);

/** Every line of a coin's sum. */
export const linesOf = (draft: Draft, network: ExternalNetworkName, coin: string): Line[] => {
  const lines: Line[] = [];
  const supply = booked.get(draft, coin);
  if (supply !== undefined) lines.push({ account: 'booked', amount: supply.amount, from: `Serai block ${String(supply.at.number)}` });
  for (const [key, { proposed }] of batches.rows(draft)) {
    if (!key.startsWith(`${network}/`) || proposed === undefined) continue;
    for (const [of, amount] of proposed.instructions)
      if (of === coin)
        lines.push({ account: 'pending-in', amount, from: `batch ${String(Number(key.split('/')[1]))}, external block ${proposed.block}` });
  }
  const unminted = failed.get(draft, coin);
  if (unminted !== undefined) lines.push({ account: 'failed', amount: unminted.amount, from: `up to ${unminted.last}` });
  for (const [key, { coin: of, amount, at }] of burns.rows(draft))
    if (key.startsWith(`${network}/`) && of === coin && amount !== undefined && at !== undefined)
      lines.push({ account: 'pending-out', amount, from: `burn ${String(Number(key.split('/')[2]))} of Serai block ${String(at.number)}` });
  const paid = coin === MAIN_COIN[network] ? fees.get(draft, coin) : undefined;
  if (paid !== undefined) lines.push({ account: 'fees', amount: paid.amount, from: `up to ${paid.last}` });
  const held = vaults.get(draft, network);
  for (const { session, coin: of, amount } of held?.vaults ?? [])
    if (of === coin)
      lines.push({ account: 'vault', amount, from: `vault of ${network}/${String(session)} at external block ${held?.block ?? ''}` });
  return lines;
};

/**
 * The sum of a coin (design §11). It can be made only where both chains are known far enough: every batch that Serai executed was
 * proposed to us, and every burn that was paid is known.
 */
export const sumOf = (draft: Draft, network: ExternalNetworkName, coin: string): Sum | NotYet => {
  const { head, whole } = standingOf(draft);
  const held = vaults.get(draft, network);
  if (held === undefined) return { waitsFor: 'the first balances' };
  if (!held.whole) return { waitsFor: `balances after external block ${String(held.height)}` };
  if (!whole) return { waitsFor: `the rest of Serai block ${String(head.number + 1)}` };
  for (const [key, { proposed }] of batches.rows(draft))
    if (key.startsWith(`${network}/`) && proposed === undefined)
      return { waitsFor: `batch ${String(Number(key.split('/')[1]))} to be proposed` };
  for (const [key, { paid }] of burns.rows(draft))
    if (key.startsWith(`${network}/`) && paid !== undefined) return { waitsFor: `Serai block ${String(Number(key.split('/')[1]))}` };
  const lines = linesOf(draft, network, coin);
  const sums = {
    booked: addUp(lines, 'booked'),
    pendingIn: addUp(lines, 'pending-in'),
    failed: addUp(lines, 'failed'),
    pendingOut: addUp(lines, 'pending-out'),
    fees: addUp(lines, 'fees'),
    vault: addUp(lines, 'vault'),
  };
  const required = sums.booked + sums.pendingIn + sums.failed + sums.pendingOut - sums.fees;
  return {
    network,
    coin,
    serai: head,
    external: { height: held.height, hash: held.block },
    booked: sums.booked.toString(),
    pendingIn: sums.pendingIn.toString(),
    failed: sums.failed.toString(),
    pendingOut: sums.pendingOut.toString(),
    fees: sums.fees.toString(),
    required: required.toString(),
    vault: sums.vault.toString(),
    difference: (sums.vault - required).toString(),
  };
};
