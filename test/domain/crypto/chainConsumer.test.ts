import { describe, expect, it } from 'vitest';
import { everyEvent } from '../../../src/devnet/node/everyEvent.ts';
import type { CryptoContext } from '../../../src/domain/crypto/context.ts';
import { MusigSigner } from '../../../src/domain/crypto/musigSigner.ts';
import { networks, sets } from '../../../src/domain/crypto/rows.ts';
import { understandChain } from '../../../src/domain/crypto/understand.ts';
import { type Hex, toHex } from '../../../src/domain/hex.ts';
import type { ObservedBlock } from '../../../src/domain/observation/observedBlock.ts';
import { type EventRecord, eventRecords } from '../../../src/domain/serai/events.ts';
import { encodeMetadata } from '../../../src/domain/serai/metadata.ts';
import { Draft } from '../../../src/domain/tables.ts';
import { topicsOf } from '../../../src/domain/topics.ts';
import { patchMetadata } from '../../../src/drivers/polkadot/patchMetadata.ts';
import { openRuntime } from '../../../src/drivers/polkadot/runtime.ts';
import { recordsOf } from '../../support/recordsOf.ts';

const HASH: Hex = `0x${'11'.repeat(32)}`;
const SELF: Hex = `0x${'22'.repeat(32)}`;
const runtime = openRuntime(patchMetadata(toHex(encodeMetadata(15))), 'serai-1');

const context: CryptoContext = {
  self: SELF,
  genesisHash: HASH,
  networks: ['Bitcoin', 'Monero'],
  topics: topicsOf('test'),
  sign: () => new Uint8Array(64),
  verify: () => true,
  isLive: () => true,
  musig: new MusigSigner(new Uint8Array(32).fill(1)),
};

const blockWith = (events: readonly EventRecord[]): ObservedBlock => ({
  number: 7,
  hash: HASH,
  parentHash: HASH,
  stateRoot: HASH,
  extrinsicsRoot: HASH,
  time: 1_790_000_000_000,
  events: runtime.events(toHex(eventRecords.encode(events))),
  state: [],
  batches: [],
});

const open = (): Draft => new Draft({ get: () => undefined, rows: () => [] });

const takeAll = (draft: Draft, events: readonly EventRecord[]): string[] =>
  recordsOf([blockWith(events)]).map(({ type, data, id, time }) => {
    const attributes = {
      type,
      id,
      time,
      source: '/test/observation',
      datacontenttype: 'application/json',
      sequence: 1n,
      previoushash: HASH,
      epoch: 1,
    };
    understandChain(context)({ attributes, data: new Uint8Array(0) }, data)(draft);
    return type;
  });

describe("crypto's consumer of <name>-chain", () => {
  it('takes every event there is, whichever pallet it is of', () => {
    expect(takeAll(open(), everyEvent())).toHaveLength(46);
  });

  it('hands burns on to the network they are paid out on, once the block is whole', () => {
    const draft = open();
    const set = { network: 'Monero', session: 0 } as const;
    const at = { number: 1, hash: HASH };
    const keys = { substrate: HASH, network: HASH, block: at };
    sets.put(draft, 'Monero/0', { set, anchor: at, members: [], n: 1, t: 1, mine: [1], state: 'active', keys });
    networks.put(draft, 'Monero', { nextBatch: 0, verified: 0, session: 0 });
    const burns = everyEvent().filter(({ pallet, name }) => pallet === 'Coins' && name === 'BurnWithInstruction');
    takeAll(draft, [...burns, ...burns]);
    const { messages } = draft.decision();
    expect(messages.map(({ topic, type, data }) => ({ topic, type, data }))).toMatchObject([
      {
        topic: 'test-monero-commands',
        type: 'serai.substrate.block.v1',
        data: {
          block: { number: 7, hash: HASH },
          set,
          burns: [
            { coin: 'Monero', amount: '1' },
            { coin: 'Monero', amount: '1' },
          ],
        },
      },
    ]);
  });
});
