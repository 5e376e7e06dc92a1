import { fromHex } from '../hex.ts';
import type { ChainMessage } from '../observation/schemas.ts';
import type { ExternalNetworkName } from '../processor/ids.ts';
import type { ExternalObservation } from '../processor/messages.ts';
import { batch as batchCodec } from '../serai/types.ts';
import { MAIN_COIN } from './book.ts';

/** What a network's vaults hold and have paid away, against whose it is. */
export type Account = 'vault' | 'fees' | 'booked' | 'pending-in' | 'failed' | 'pending-out';

/** A line of the journal: an amount in the coin's smallest unit goes from one account to another, because of a block or transaction. */
export interface Posting {
  readonly coin: string;
  readonly debit: Account;
  readonly credit: Account;
  readonly amount: bigint;
  readonly from: string;
}

/** What accounts come to by postings: of `vault` and `fees` what was debited to them, of the others what was credited. */
export const balancesOf = (postings: Iterable<Posting>): Record<Account, bigint> => {
  const sums: Record<Account, bigint> = { vault: 0n, fees: 0n, booked: 0n, 'pending-in': 0n, failed: 0n, 'pending-out': 0n };
  const move = (account: Account, amount: bigint): void => {
    sums[account] += account === 'vault' || account === 'fees' ? amount : -amount;
  };
  for (const { debit, credit, amount } of postings) {
    move(debit, amount);
    move(credit, -amount);
  }
  return sums;
};

interface Proposed {
  readonly block: string;
  readonly amounts: readonly (readonly [coin: string, amount: bigint])[];
}

type Output = Extract<ExternalObservation, { type: 'serai.external.output.v1' }>['data'];

/**
 * The double entry of a network, from what was published of it: what was paid in goes from the vault's debit to what is to be minted, from there
 * to who holds it on Serai, from there by a burn to what is to be paid, and out of the vault again. It adds up what should be of supply and
 * vault, without their being told: where either is told otherwise, that is the side to look at. Topics may be heard in any order.
 */
export class Journal {
  readonly #network: ExternalNetworkName;
  readonly #proposed = new Map<number, Proposed>();
  readonly #executed = new Map<number, number>();
  readonly #failed = new Map<number, Set<number>>();
  readonly #burns = new Map<string, readonly [coin: string, amount: bigint]>();
  readonly #burnsOf = new Map<number, number>();
  readonly #outputs: Output[] = [];

  constructor(network: ExternalNetworkName) {
    this.#network = network;
  }

  hearChain({ type, data }: ChainMessage): void {
    if (!('network' in data) || data.network !== this.#network) return;
    switch (type) {
      case 'serai.in-instructions.batch.v1':
        this.#executed.set(data.id, data.block.number);
        return;
      case 'serai.in-instructions.instruction-failure.v1':
        this.#failed.set(data.id, (this.#failed.get(data.id) ?? new Set()).add(data.index));
        return;
      case 'serai.coins.burn-with-instruction.v1': {
        const { number } = data.block;
        const index = this.#burnsOf.get(number) ?? 0;
        this.#burnsOf.set(number, index + 1);
        this.#burns.set(`${String(number)}/${String(index)}`, [data.coin, BigInt(data.amount)]);
        return;
      }
      default:
        return;
    }
  }

  hearExternal({ type, data }: ExternalObservation): void {
    if (data.network !== this.#network) return;
    if (type === 'serai.external.output.v1') this.#outputs.push(data);
    if (type !== 'serai.external.batch.v1' || this.#proposed.has(data.id)) return;
    const { instructions } = batchCodec.decode(fromHex(data.batch));
    this.#proposed.set(data.id, { block: data.block, amounts: instructions.map(({ balance: { coin, amount } }) => [coin, amount]) });
  }

  /** Every line, by what it is of: batches, burns, outputs. */
  *postings(): Iterable<Posting> {
    for (const [id, proposed] of this.#proposed) yield* this.#ofBatch(id, proposed);
    for (const [place, [coin, amount]] of this.#burns) yield { coin, debit: 'booked', credit: 'pending-out', amount, from: burnAt(place) };
    for (const output of this.#outputs) yield* this.#ofOutput(output);
  }

  *#ofBatch(id: number, { block, amounts }: Proposed): Iterable<Posting> {
    const executed = this.#executed.get(id);
    for (const [index, [coin, amount]] of amounts.entries()) {
      const instruction = `instruction ${String(index)} of batch ${String(id)}`;
      yield { coin, debit: 'vault', credit: 'pending-in', amount, from: `${instruction}, external block ${block}` };
      if (executed === undefined) continue;
      const credit = this.#failed.get(id)?.has(index) === true ? 'failed' : 'booked';
      yield { coin, debit: 'pending-in', credit, amount, from: `${instruction}, Serai block ${String(executed)}` };
    }
  }

  *#ofOutput({ outputHash, block, payments, vaultFee }: Output): Iterable<Posting> {
    const from = `output ${outputHash}, external block ${block}`;
    for (const { block: number, index } of payments) {
      const place = `${String(number)}/${String(index)}`;
      const [coin, amount] = this.#burns.get(place) ?? [];
      if (coin !== undefined && amount !== undefined)
        yield { coin, debit: 'pending-out', credit: 'vault', amount, from: `${from}, ${burnAt(place)}` };
    }
    const fee = BigInt(vaultFee);
    if (fee > 0n) yield { coin: MAIN_COIN[this.#network], debit: 'fees', credit: 'vault', amount: fee, from };
  }
}

const burnAt = (place: string): string => {
  const [block = '', index = ''] = place.split('/');
  return `burn ${index} of Serai block ${block}`;
};
