import { fromHex } from '../hex.ts';
import type { ChainMessage } from '../observation/schemas.ts';
import type { ExternalNetworkName } from '../processor/ids.ts';
import type { ExternalObservation } from '../processor/messages.ts';
import { batch as batchCodec } from '../serai/types.ts';
import { type Draft, table } from '../tables.ts';

/** A block by its number and hash, on either chain. */
export interface At {
  readonly number: number;
  readonly hash: string;
}

/** The supply of a coin on Serai, and the block that it changed in. */
export interface BookedRow {
  readonly amount: string;
  readonly at: At;
}

/** A batch by network and id: what its instructions move, as the processor proposed it, and where it was executed. */
export interface BatchRow {
  readonly proposed?: { readonly block: string; readonly instructions: readonly (readonly [coin: string, amount: string])[] };
  readonly executed?: At;
  readonly failed: readonly number[];
}

/** A burn by network, Serai block and place there; or that it was paid before we heard of it. */
export interface BurnRow {
  readonly coin?: string;
  readonly amount?: string;
  readonly at?: At;
  readonly paid?: { readonly plan: string; readonly outputHash: string };
}

/** What was paid in and never minted, or paid by the vault beside what was burnt: by coin, with the last cause. */
export interface TotalRow {
  readonly amount: string;
  readonly last: string;
}

/** What the vaults of a network held after an external block. */
export interface VaultsRow {
  /** Whether nothing of a later block was told since. */
  readonly whole: boolean;
  readonly height: number;
  readonly block: string;
  readonly vaults: readonly { readonly session: number; readonly coin: string; readonly amount: string }[];
}

/** Where Serai's chain was heard of: whole up to `head`; `burns` counts those of the block that is being told, by network. */
export interface StandingRow {
  readonly head: At;
  /** The time of the head, RFC 3339. */
  readonly time: string;
  readonly whole: boolean;
  readonly burns: Readonly<Partial<Record<string, number>>>;
}

export const booked = table<BookedRow>('solvencyBooked');
export const batches = table<BatchRow>('solvencyBatches');
export const burns = table<BurnRow>('solvencyBurns');
/** What was in executed batches and failed: it lies in the vault, and nobody's on Serai. */
export const failed = table<TotalRow>('solvencyFailed');
/** What vaults paid to their networks. */
export const fees = table<TotalRow>('solvencyFees');
export const vaults = table<VaultsRow>('solvencyVaults');
const standing = table<StandingRow>('solvencyStanding');
/** The last batch of each network that is done with: batches are executed in order, so one at or below it is told again. */
const done = table<number>('solvencyBatchesDone');

/** The coin a network's fees are paid in. */
export const MAIN_COIN = { Bitcoin: 'Bitcoin', Ethereum: 'Ether', Monero: 'Monero' } as const;

/** The coins of each network. */
export const COINS: Readonly<Record<ExternalNetworkName, readonly string[]>> = {
  Bitcoin: ['Bitcoin'],
  Ethereum: ['Ether', 'Dai'],
  Monero: ['Monero'],
};

const NO_BLOCK: At = { number: -1, hash: '' };

/** Where Serai's chain was heard of. */
export const standingOf = (draft: Draft): StandingRow =>
  standing.get(draft, '') ?? { head: NO_BLOCK, time: new Date(0).toISOString(), whole: true, burns: {} };

/** Heights and places as keys, so that rows stand in order. */
const placeKey = (number: number): string => String(number).padStart(10, '0');
export const burnKey = (network: string, block: number, index: number): string => `${network}/${placeKey(block)}/${placeKey(index)}`;
export const batchKey = (network: string, id: number): string => `${network}/${placeKey(id)}`;

const add = (draft: Draft, to: typeof failed, key: string, amount: bigint, last: string): void => {
  const before = BigInt(to.get(draft, key)?.amount ?? '0');
  if (amount !== 0n) to.put(draft, key, { amount: (before + amount).toString(), last });
};

/** Books a record of `<name>-chain`. Returns whether a block is whole with it. */
export const bookChain = (draft: Draft, { type, data }: ChainMessage): boolean => {
  const before = standingOf(draft);
  if (type === 'serai.chain.block.v1') {
    standing.put(draft, '', {
      head: { number: data.number, hash: data.hash },
      time: new Date(data.time).toISOString(),
      whole: true,
      burns: {},
    });
    return true;
  }
  if (before.whole) standing.put(draft, '', { ...before, whole: false });
  switch (type) {
    case 'serai.coins.supply.v1':
      booked.put(draft, data.coin, { amount: data.amount, at: { ...data.block } });
      return false;
    case 'serai.coins.burn-with-instruction.v1':
      burnBooked(draft, data.network, { coin: data.coin, amount: data.amount, at: { ...data.block } });
      return false;
    case 'serai.in-instructions.batch.v1':
      noteBatch(draft, data.network, data.id, { executed: { number: data.block.number, hash: data.block.hash } });
      return false;
    case 'serai.in-instructions.instruction-failure.v1': {
      const known = batches.get(draft, batchKey(data.network, data.id));
      batches.put(draft, batchKey(data.network, data.id), { ...known, failed: [...(known?.failed ?? []), data.index] });
      return false;
    }
    default:
      return false;
  }
};

const burnBooked = (draft: Draft, network: string, burn: Required<Pick<BurnRow, 'coin' | 'amount' | 'at'>>): void => {
  const now = standingOf(draft);
  const index = now.burns[network] ?? 0;
  standing.put(draft, '', { ...now, burns: { ...now.burns, [network]: index + 1 } });
  const key = burnKey(network, burn.at.number, index);
  if (burns.get(draft, key)?.paid === undefined) burns.put(draft, key, burn);
  else burns.delete(draft, key);
};

const noteBatch = (draft: Draft, network: string, id: number, more: Partial<BatchRow>): void => {
  const key = batchKey(network, id);
  batches.put(draft, key, { failed: [], ...batches.get(draft, key), ...more });
};

/** What comes of batches that are executed and proposed: what failed in them stays in the vault. */
export const closeBatches = (draft: Draft): void => {
  for (const [key, { proposed, executed, failed: indices }] of [...batches.rows(draft)]) {
    if (proposed === undefined || executed === undefined) continue;
    for (const index of indices) {
      const [coin, amount] = proposed.instructions[index] ?? [];
      if (coin !== undefined && amount !== undefined)
        add(draft, failed, coin, BigInt(amount), `instruction ${String(index)} of batch ${key}`);
    }
    batches.delete(draft, key);
    const [network = '', id] = key.split('/');
    done.put(draft, network, Math.max(Number(id), done.get(draft, network) ?? -1));
  }
};

/** What an output paid that it must not: a burn that was paid before. */
export interface DoublePayment {
  readonly network: string;
  readonly block: number;
  readonly index: number;
  readonly plan: string;
}

/** Books a record of `<name>-serai`; returns payments of burns that were paid before. */
export const bookExternal = (draft: Draft, { type, data }: ExternalObservation): DoublePayment[] => {
  const held = vaults.get(draft, data.network);
  if (held?.whole === true) vaults.put(draft, data.network, { ...held, whole: false });
  switch (type) {
    case 'serai.external.batch.v1': {
      if (data.id <= (done.get(draft, data.network) ?? -1)) return [];
      const instructions = batchCodec
        .decode(fromHex(data.batch))
        .instructions.map(({ balance }) => [balance.coin, balance.amount.toString()] as const);
      noteBatch(draft, data.network, data.id, { proposed: { block: data.block, instructions } });
      return [];
    }
    case 'serai.external.output.v1': {
      add(draft, fees, MAIN_COIN[data.network], BigInt(data.vaultFee), `output ${data.outputHash}`);
      const { network, plan, outputHash } = data;
      return data.payments.flatMap(({ block, index }) =>
        payBurn(draft, network, block, index, { plan, outputHash }) ? [] : [{ network, block, index, plan }],
      );
    }
    case 'serai.external.balances.v1':
      vaults.put(draft, data.network, { whole: true, height: data.height, block: data.block, vaults: data.vaults });
      return [];
  }
};

/** Returns whether the burn was there to be paid, or may still come. */
const payBurn = (draft: Draft, network: string, block: number, index: number, paid: NonNullable<BurnRow['paid']>): boolean => {
  const key = burnKey(network, block, index);
  const known = burns.get(draft, key);
  if (known?.paid !== undefined) return false;
  if (known !== undefined) {
    burns.delete(draft, key);
    return true;
  }
  const { head, whole } = standingOf(draft);
  // Of a block that we have the whole of, a burn that is not there any more was paid, or never was.
  if (block < head.number || (block === head.number && whole)) return false;
  burns.put(draft, key, { paid });
  return true;
};
