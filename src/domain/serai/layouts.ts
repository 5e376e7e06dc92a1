import type { Field, Type } from './describe.ts';
import { t } from './describe.ts';
import { type EventRecord, eventOver, eventRecords, recordsOf, runtimeEvent } from './events.ts';
import { callOver, type Extrinsic, extrinsic, extrinsicOf } from './extrinsic.ts';
import { externalValidatorSet, validatorSet } from './networks.ts';
import type { Pallet, StorageItem } from './pallet.ts';
import { pallets } from './pallets.ts';
import { retyped } from './retyped.ts';
import { balance, externalBalance, inInstruction } from './types.ts';

/** How the bytes of a runtime lie: its pallets with their indices, and the types in which it differs from the one declared. */
export interface Layout {
  readonly pallets: Readonly<Record<string, Pallet>>;
  readonly event: Type<unknown>;
  readonly eventRecords: Type<readonly EventRecord[]>;
  readonly extrinsic: Type<Extrinsic>;
  /** A declared type as it is in this layout. */
  readonly type: (type: Type<unknown>) => Type<unknown>;
}

const EVENT = 'serai_runtime::RuntimeEvent';
const CALL = 'serai_abi::Call';

/** The runtime as declared: profile `serai-dev`. */
export const seraiDev: Layout = { pallets, event: runtimeEvent, eventRecords, extrinsic, type: (type) => type };

/** The declared runtime with the index of every pallet but System moved, as an upgrade may do. */
export const movedBy = (by: number): Layout => {
  const table: Readonly<Record<string, Pallet>> = Object.fromEntries(
    Object.entries<Pallet>(pallets).map(([name, pallet]) => [name, name === 'System' ? pallet : { ...pallet, index: pallet.index + by }]),
  );
  const event = eventOver(table);
  return { pallets: table, event, eventRecords: recordsOf(event), extrinsic, type: retyped({ [EVENT]: event }) };
};

const networks = (name: string): string => `serai_primitives::networks::${name}`;

/** Networks and coins of the profile `serai-t2`: plain enums, 0 to 3 and 0 to 4, for external ones too (serai.md §b.11). */
const t2Network = t.names(networks('NetworkId'), ['Serai', 'Bitcoin', 'Ethereum', 'Monero']);
const t2Coin = t.names(networks('Coin'), ['Serai', 'Bitcoin', 'Ether', 'Dai', 'Monero']);

const pathOf = ({ shape }: Type<unknown>): string => ('path' in shape ? shape.path : '');

/** The instructions that `serai-t2` has: to transfer, and for the exchange. */
const firstInstructions = (type: (type: Type<unknown>) => Type<unknown>): Type<unknown> => {
  const { shape } = inInstruction;
  const variants = shape.kind === 'variant' ? shape.variants.slice(0, 2) : [];
  return t.variant(
    pathOf(inInstruction),
    Object.fromEntries(
      variants.map(({ name, index, fields }) => [
        name,
        {
          index,
          fields: Object.fromEntries(
            fields.map(({ key, type: of, typeName, name: named }) => [key ?? 'value', { type: type(of), typeName, named: named !== null }]),
          ),
        },
      ]),
    ),
  );
};

/** Index of each pallet of `serai-t2`, in metadata and in extrinsics alike (serai.md §b.12). */
const T2_INDICES: Readonly<Record<string, number>> = {
  System: 0,
  Timestamp: 1,
  TransactionPayment: 2,
  Coins: 3,
  LiquidityTokens: 4,
  Dex: 5,
  ValidatorSets: 6,
  InInstructions: 7,
  Signals: 8,
  Babe: 9,
  Grandpa: 10,
};

/** The runtime of profile `serai-t2`, as far as it is known to differ from the declared one (serai.md §b.11 to b.14). */
export const seraiT2 = ((): Layout => {
  const plain = {
    [networks('NetworkId')]: t2Network,
    [networks('ExternalNetworkId')]: t2Network,
    [networks('Coin')]: t2Coin,
    [networks('ExternalCoin')]: t2Coin,
  };
  const simple = retyped(plain);
  const replaced = {
    ...plain,
    [pathOf(externalValidatorSet)]: simple(validatorSet),
    [pathOf(externalBalance)]: simple(balance),
    [pathOf(inInstruction)]: firstInstructions(simple),
  };
  const of = retyped(replaced);
  const fieldOf = (field: Field<unknown> | null): Field<unknown> | null => (field === null ? null : { ...field, type: of(field.type) });
  const storageOf = (item: StorageItem): StorageItem => ({
    ...item,
    keys: item.keys.map(({ hasher, type }) => ({ hasher, type: of(type) })),
    value: of(item.value),
  });
  const table: Readonly<Record<string, Pallet>> = Object.fromEntries(
    Object.entries<Pallet>(pallets).flatMap(([name, pallet]) => {
      const index = T2_INDICES[name];
      if (index === undefined) return [];
      const { calls } = pallet;
      return [
        [
          name,
          {
            ...pallet,
            index,
            events: fieldOf(pallet.events),
            calls:
              calls === null ? null : { metadata: of(calls.metadata), abi: { ...calls.abi, type: of(calls.abi.type) }, abiIndex: index },
            storage: Object.fromEntries(Object.entries(pallet.storage).map(([item, declared]) => [item, storageOf(declared)])),
          },
        ] as const,
      ];
    }),
  );
  const event = eventOver(table);
  const call = callOver(table);
  return {
    pallets: table,
    event,
    eventRecords: recordsOf(event),
    extrinsic: extrinsicOf(call),
    type: retyped({ ...replaced, [EVENT]: event, [CALL]: call }),
  };
})();
