import type { Value } from '../scale.ts';
import { mapped } from '../scale.ts';
import type { Field, Type } from './describe.ts';
import { field, t } from './describe.ts';
import type { Named, Part } from './outer.ts';
import { outer } from './outer.ts';
import { systemEvents } from './pallets/system.ts';
import { palletsButSystem } from './palletsButSystem.ts';
import type { Phase } from './substrate.ts';
import { phase } from './substrate.ts';
import { hash } from './types.ts';

const eventful = { System: { index: 0, events: systemEvents }, ...palletsButSystem };

type Eventful = {
  readonly [P in keyof typeof eventful as (typeof eventful)[P]['events'] extends null ? never : P]: (typeof eventful)[P]['events'];
};

type EventsOf<P extends keyof Eventful> = Eventful[P] extends Field<infer E> ? E & { readonly tag: string } : never;

/** The fields of a declared event. */
export type EventFields<P extends keyof Eventful, N extends EventsOf<P>['tag']> = Omit<Extract<EventsOf<P>, { readonly tag: N }>, 'tag'>;

/** An event with when it happened; fields are named as in the runtime's metadata, `serai.md §b.13` lists them. */
export interface EventRecord {
  readonly phase: Phase;
  readonly pallet: string;
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly topics: readonly Uint8Array[];
}

/** Whether an event is a certain one; its fields are then typed. */
export const isEvent = <P extends keyof Eventful, N extends EventsOf<P>['tag']>(
  record: EventRecord,
  pallet: P,
  name: N,
): record is EventRecord & { readonly fields: EventFields<P, N> } => record.pallet === pallet && record.name === name;

/** The pallets that have events, each with its index. */
export type EventfulPallets = Readonly<Record<string, { readonly index: number; readonly events: Field<unknown> | null }>>;

/** An event of any of these pallets: pallet index, event index, fields. */
export const eventOver = (pallets: EventfulPallets): Type<Named> => {
  const parts: Record<string, Part> = Object.fromEntries(
    Object.entries(pallets).map(([name, { index, events }]) => [name, { index, part: events }]),
  );
  return outer('serai_runtime::RuntimeEvent', parts);
};

/** Phase, event, topics of each. An event of a kind not declared makes the whole undecodable. */
export const recordsOf = (event: Type<Named>): Type<readonly EventRecord[]> => {
  const described = t.struct(
    'frame_system::EventRecord',
    { phase: field(phase, 'Phase'), event: field(event, 'E'), topics: field(t.sequence(hash), 'Vec<T>') },
    [
      { name: 'E', type: event },
      { name: 'T', type: hash },
    ],
  );
  const eventRecord: Type<EventRecord> = t.describedAs(
    mapped(
      described,
      ({ phase: at, event: what, topics }: Value<typeof described>): EventRecord => ({ phase: at, ...what, topics }),
      ({ phase: at, pallet, name, fields, topics }) => ({ phase: at, event: { pallet, name, fields }, topics }),
    ),
    described,
  );
  return t.sequence(eventRecord);
};

/** An event of any pallet of the runtime as it stands. */
export const runtimeEvent = eventOver(eventful);

/** What `System.Events` holds. */
export const eventRecords: Type<readonly EventRecord[]> = recordsOf(runtimeEvent);
