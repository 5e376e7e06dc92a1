import { beforeAll, describe, expect, it } from 'vitest';
import type { Hex } from '../../../src/domain/hex.ts';
import { blockToRecords } from '../../../src/domain/observation/blockToRecords.ts';
import { eventSchemas } from '../../../src/domain/observation/eventSchemas.ts';
import type { ObservedBlock, ObservedEvent } from '../../../src/domain/observation/observedBlock.ts';
import { chainMessage } from '../../../src/domain/observation/schemas.ts';
import type { Reading } from '../../../src/domain/observation/watchedState.ts';
import { patchMetadata } from '../../../src/drivers/polkadot/patchMetadata.ts';
import { openRuntime, type Runtime } from '../../../src/drivers/polkadot/runtime.ts';
import { golden, goldenPresent, goldenText } from '../../support/golden.ts';
import { recordsOf } from '../../support/recordsOf.ts';

const bytes = (byte: string): Hex => `0x${byte.repeat(32)}`;
const alice: Hex = '0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d';
const aliceAccount = { address: '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY', publicKey: alice };

const blockOf = (events: readonly ObservedEvent[], more: Partial<ObservedBlock> = {}): ObservedBlock => ({
  number: 7,
  hash: bytes('01'),
  parentHash: bytes('02'),
  stateRoot: bytes('03'),
  extrinsicsRoot: bytes('04'),
  time: 1_790_000_000_000,
  events,
  state: [],
  batches: [],
  ...more,
});

const event = (pallet: string, name: string, fields: Record<string, unknown>, index = 0): ObservedEvent => ({
  index,
  phase: 3,
  pallet,
  name,
  fields,
});

const place = { block: { number: 7, hash: bytes('01') }, event: { index: 0, extrinsic: 3 } };
const bitcoin = { session: 2, network: 'Bitcoin' };

const cases: readonly (readonly [
  pallet: string,
  name: string,
  fields: Record<string, unknown>,
  type: string,
  subject: string,
  data: object,
])[] = [
  [
    'ValidatorSets',
    'NewSet',
    { set: { session: 2, network: 'Serai' } },
    'serai.validator-sets.new-set.v1',
    'Serai/2',
    { set: { session: 2, network: 'Serai' } },
  ],
  [
    'ValidatorSets',
    'ParticipantRemoved',
    { set: bitcoin, removed: alice },
    'serai.validator-sets.participant-removed.v1',
    'Bitcoin/2',
    { set: bitcoin, removed: aliceAccount },
  ],
  [
    'ValidatorSets',
    'KeyGen',
    { set: bitcoin, key_pair: { ristretto: bytes('53'), external: '0x0203' } },
    'serai.validator-sets.key-gen.v1',
    'Bitcoin/2',
    { set: bitcoin, keyPair: { substrate: bytes('53'), network: '0x0203' } },
  ],
  ['ValidatorSets', 'AcceptedHandover', { set: bitcoin }, 'serai.validator-sets.accepted-handover.v1', 'Bitcoin/2', { set: bitcoin }],
  ['ValidatorSets', 'SetRetired', { set: bitcoin }, 'serai.validator-sets.set-retired.v1', 'Bitcoin/2', { set: bitcoin }],
  [
    'InInstructions',
    'Batch',
    { network: 'Monero', id: 9, block: bytes('71'), instructions_hash: bytes('7f') },
    'serai.in-instructions.batch.v1',
    'Monero/9',
    { network: 'Monero', id: 9, externalBlock: bytes('71'), instructionsHash: bytes('7f') },
  ],
  [
    'InInstructions',
    'InstructionFailure',
    { network: 'Bitcoin', id: 3, index: 258 },
    'serai.in-instructions.instruction-failure.v1',
    'Bitcoin/3/258',
    { network: 'Bitcoin', id: 3, index: 258 },
  ],
  ['InInstructions', 'Halt', { network: 'Ethereum' }, 'serai.in-instructions.halt.v1', 'Ethereum', { network: 'Ethereum' }],
  [
    'Coins',
    'BurnWithInstruction',
    {
      from: alice,
      instruction: { instruction: { address: '0x0505', data: null }, balance: { coin: 'Dai', amount: '18446744073709551615' } },
    },
    'serai.coins.burn-with-instruction.v1',
    'Ethereum',
    { from: aliceAccount, network: 'Ethereum', coin: 'Dai', amount: '18446744073709551615', address: '0x0505', data: null },
  ],
  [
    'Coins',
    'Transfer',
    { from: alice, to: alice, balance: { coin: 'Dai', amount: '77' } },
    'serai.coins.transfer.v1',
    '7/0',
    { from: aliceAccount, to: aliceAccount, balance: { coin: 'Dai', amount: '77' } },
  ],
  [
    'System',
    'ExtrinsicFailed',
    {
      dispatch_error: { Module: { index: 6, error: '0x03000000' } },
      dispatch_info: { weight: { refTime: '5', proofSize: '0' }, class: 'Normal', paysFee: 'Yes' },
    },
    'serai.system.extrinsic-failed.v1',
    '7/0',
    {
      dispatchError: { Module: { index: 6, error: '0x03000000' } },
      dispatchInfo: { weight: { refTime: '5', proofSize: '0' }, class: 'Normal', paysFee: 'Yes' },
    },
  ],
];

const told = (block: ObservedBlock) => blockToRecords(block).records;

describe('the records of a block', () => {
  it.each(cases)('tell %s.%s', (pallet, name, fields, type, subject, data) => {
    expect(told(blockOf([event(pallet, name, fields)]))[0]).toEqual({
      type,
      id: `${type}/7/0`,
      subject,
      time: '2026-09-21T14:13:20.000Z',
      data: { ...place, ...data },
    });
  });

  it('end with the block itself', () => {
    expect(told(blockOf([]))).toEqual([
      {
        type: 'serai.chain.block.v1',
        id: 'serai.chain.block.v1/7',
        subject: '7',
        time: '2026-09-21T14:13:20.000Z',
        data: {
          number: 7,
          hash: bytes('01'),
          parentHash: bytes('02'),
          stateRoot: bytes('03'),
          extrinsicsRoot: bytes('04'),
          time: 1_790_000_000_000,
        },
      },
    ]);
  });

  it('are the same when made again', () => {
    const block = blockOf(cases.map(([pallet, name, fields], index) => event(pallet, name, fields, index)));
    expect(JSON.stringify(told(block))).toBe(JSON.stringify(told(structuredClone(block))));
  });

  it('cannot be told when fields are others than we know', () => {
    const undecodable = expect.objectContaining({ code: 'chain.undecodable' }) as Error;
    expect(() => told(blockOf([event('InInstructions', 'Halt', { network: 'Dogecoin' })]))).toThrow(undecodable);
    expect(() => told(blockOf([event('ValidatorSets', 'KeyGen', { set: bitcoin })]))).toThrow(undecodable);
    expect(() => told(blockOf([event('ValidatorSets', 'NewSet', { set: bitcoin, weight: 1 })]))).toThrow(undecodable);
    expect(() => told(blockOf([event('Coins', 'Mint', { to: '0x05', balance: { coin: 'Dai', amount: '1' } })]))).toThrow(undecodable);
  });

  it('cannot be told when an event is not one we know: it is not passed by', () => {
    const unknown = expect.objectContaining({ code: 'chain.unknown-event' }) as Error;
    expect(() => told(blockOf([event('ValidatorSets', 'SetDissolved', { set: bitcoin })]))).toThrow(unknown);
    expect(() => told(blockOf([event('Oracle', 'Fed', {})]))).toThrow(unknown);
  });

  it('refuse a field more', () => {
    const [record] = told(blockOf([]));
    expect(chainMessage.safeParse({ type: record?.type, data: { ...record?.data, more: 1 } }).success).toBe(false);
  });
});

const session = (value: number | null, key: 'Bitcoin' | 'Serai' = 'Bitcoin'): Reading => ({
  pallet: 'ValidatorSets',
  item: 'CurrentSession',
  key,
  value,
});
const participants = (value: unknown): Reading => ({ pallet: 'ValidatorSets', item: 'Participants', key: 'Bitcoin', value });
const keys = (number: number, value: unknown): Reading => ({
  pallet: 'ValidatorSets',
  item: 'Keys',
  key: { session: number, network: 'Bitcoin' },
  value,
});
const pair = { ristretto: bytes('53'), external: '0x0203' };
const supply = (value: string | null): Reading => ({ pallet: 'Coins', item: 'Supply', key: 'Bitcoin', value });
const halted = (value: unknown): Reading => ({ pallet: 'InInstructions', item: 'Halted', key: 'Bitcoin', value });
const lastBatch = (value: number | null): Reading => ({ pallet: 'InInstructions', item: 'LastBatch', key: 'Bitcoin', value });
const stake = (value: string | null): Reading => ({ pallet: 'ValidatorSets', item: 'TotalAllocatedStake', key: 'Bitcoin', value });

/** Type without prefix, subject and what is told, of every state record of blocks with these states. */
const states = (...blocks: readonly (readonly Reading[])[]) =>
  recordsOf(blocks.map((state, index) => blockOf([], { number: index, state })))
    .filter(({ type }) => type !== 'serai.chain.block.v1')
    .map(({ type, subject, data }) => {
      const { block, ...rest } = data as { block: { number: number } };
      return [block.number, type.slice('serai.'.length, -'.v1'.length), subject, rest];
    });

describe('the watched state', () => {
  it('is told when it changes, and only then', () => {
    expect(
      states(
        [supply('0'), halted(null), stake(null)],
        [supply('5'), halted(null)],
        [supply('5'), halted([])],
        [supply('0'), halted([])],
        [supply(null), halted(null), stake('7')],
      ),
    ).toEqual([
      [1, 'coins.supply', 'Bitcoin', { coin: 'Bitcoin', amount: '5' }],
      [2, 'in-instructions.halted', 'Bitcoin', { network: 'Bitcoin', halted: true }],
      [3, 'coins.supply', 'Bitcoin', { coin: 'Bitcoin', amount: '0' }],
      [4, 'in-instructions.halted', 'Bitcoin', { network: 'Bitcoin', halted: false }],
      [4, 'validator-sets.total-allocated-stake', 'Bitcoin', { network: 'Bitcoin', amount: '7' }],
    ]);
  });

  it('tells batch 0 apart from no batch', () => {
    expect(states([lastBatch(null)], [lastBatch(0)], [lastBatch(1)]).map(([block, , , data]) => [block, data])).toEqual([
      [1, { network: 'Bitcoin', id: 0 }],
      [2, { network: 'Bitcoin', id: 1 }],
    ]);
  });

  it('tells the participants of every set, even of one with the same as before', () => {
    const members = [[alice, '4']];
    expect(states([session(0), participants(members)], [session(0), participants(members)], [session(1), participants(members)])).toEqual([
      [0, 'validator-sets.current-session', 'Bitcoin', { network: 'Bitcoin', session: 0 }],
      [
        0,
        'validator-sets.participants',
        'Bitcoin/0',
        { set: { network: 'Bitcoin', session: 0 }, participants: [{ ...aliceAccount, weight: 4 }] },
      ],
      [2, 'validator-sets.current-session', 'Bitcoin', { network: 'Bitcoin', session: 1 }],
      [
        2,
        'validator-sets.participants',
        'Bitcoin/1',
        { set: { network: 'Bitcoin', session: 1 }, participants: [{ ...aliceAccount, weight: 4 }] },
      ],
    ]);
  });

  it('tells keys when they are set and when they go, and nothing when they are watched no longer', () => {
    const keysTold = states(
      [session(0), keys(0, null)],
      [session(0), keys(0, pair)],
      [session(1), keys(0, pair), keys(1, null)],
      [session(1), keys(0, null), keys(1, pair)],
    ).filter(([, type]) => type === 'validator-sets.keys');
    expect(keysTold).toEqual([
      [
        1,
        'validator-sets.keys',
        'Bitcoin/0',
        { set: { network: 'Bitcoin', session: 0 }, keyPair: { substrate: bytes('53'), network: '0x0203' } },
      ],
      [3, 'validator-sets.keys', 'Bitcoin/0', { set: { network: 'Bitcoin', session: 0 }, keyPair: null }],
      [
        3,
        'validator-sets.keys',
        'Bitcoin/1',
        { set: { network: 'Bitcoin', session: 1 }, keyPair: { substrate: bytes('53'), network: '0x0203' } },
      ],
    ]);
  });

  it('comes before the events of its block, with the block and an id of its own', () => {
    const [first, second] = told(blockOf([event('InInstructions', 'Halt', { network: 'Bitcoin' })], { state: [halted([])] }));
    expect(first).toMatchObject({ id: 'serai.in-instructions.halted.v1/7/Bitcoin', data: { block: place.block } });
    expect(second?.type).toBe('serai.in-instructions.halt.v1');
  });

  it('cannot be told when it is not what it should be', () => {
    expect(() => told(blockOf([], { state: [supply('many')] }))).toThrow(expect.objectContaining({ code: 'chain.undecodable' }) as Error);
  });
});

describe('what touches an address of interest', () => {
  const burn = event(
    'Coins',
    'BurnWithInstruction',
    { from: alice, instruction: { instruction: { address: '0x0505', data: null }, balance: { coin: 'Bitcoin', amount: '9' } } },
    0,
  );
  const batch = event('InInstructions', 'Batch', { network: 'Monero', id: 9, block: bytes('71'), instructions_hash: bytes('7f') }, 1);
  const failure = event('InInstructions', 'InstructionFailure', { network: 'Monero', id: 9, index: 1 }, 2);
  const balance = { coin: 'Monero', amount: '3' };
  const block = blockOf([burn, batch, failure], {
    batches: [
      {
        extrinsic: 3,
        network: 'Monero',
        id: 9,
        instructions: [
          { instruction: { Transfer: bytes('25') }, balance },
          { instruction: { Dex: { Swap: [balance, { Serai: alice }] } }, balance },
        ],
      },
    ],
  });
  const interesting = (...interest: Hex[]) =>
    blockToRecords(block, new Map(), interest).records.filter(({ type }) => type.includes('interest'));

  it('is told for out-instructions, by the account or by the external address', () => {
    expect(interesting('0x0505')).toMatchObject([
      {
        type: 'serai.interest.out-instruction.v1',
        id: 'serai.interest.out-instruction.v1/7/0/0x0505',
        subject: '0x0505',
        data: { interest: '0x0505', network: 'Bitcoin', amount: '9', from: aliceAccount },
      },
    ]);
  });

  it('is told for in-instructions with what became of them', () => {
    expect(interesting(bytes('25'), alice).map(({ id, data }) => [id, 'failed' in data ? data.failed : undefined])).toEqual([
      [`serai.interest.out-instruction.v1/7/0/${alice}`, undefined],
      [`serai.interest.in-instruction.v1/7/1/0/${bytes('25')}`, false],
      [`serai.interest.in-instruction.v1/7/1/1/${alice}`, true],
    ]);
  });

  it('is not told where nothing is of interest', () => {
    expect(interesting()).toEqual([]);
    expect(interesting(bytes('99'))).toEqual([]);
  });
});

interface RecordedBlock {
  readonly number: number;
  readonly hash: Hex;
  readonly header: { readonly parentHash: Hex; readonly stateRoot: Hex; readonly extrinsicsRoot: Hex };
  readonly events: Hex;
}

describe.skipIf(!goldenPresent)('the events of the real runtime', () => {
  let runtime: Runtime;
  beforeAll(() => {
    runtime = openRuntime(patchMetadata(goldenText('metadata_v15.hex') as Hex), 'serai-1');
  });

  it('are all told, each under its own type', () => {
    const { all, events } = golden('events.json') as {
      readonly all: { readonly storage_hex: Hex };
      readonly events: readonly { readonly pallet: string; readonly variant: string }[];
    };
    const records = told(blockOf(runtime.events(all.storage_hex)));
    expect(records.slice(0, -1).map(({ type }) => type)).toEqual(
      events.map(({ pallet, variant }) => eventSchemas[`${pallet}.${variant}` as keyof typeof eventSchemas].shape.type.value),
    );
    expect(new Set(records.map(({ id }) => id)).size).toBe(79);
  });

  it('leave no type of event without an example but one that only its pallet has', () => {
    const { events } = golden('events.json') as { readonly events: readonly { readonly pallet: string; readonly variant: string }[] };
    const seen = new Set(events.map(({ pallet, variant }) => `${pallet}.${variant}`));
    expect(Object.keys(eventSchemas).filter((name) => !seen.has(name))).toEqual(['LiquidityTokens.BurnWithInstruction']);
  });

  it('tell the rotation of Serai in block 21', () => {
    const recorded = (golden('node/blocks.json') as { readonly blocks: readonly RecordedBlock[] }).blocks[21];
    if (recorded === undefined) throw new Error('block 21 was not recorded');
    const { hash, header, events, number } = recorded;
    expect(told({ ...blockOf(runtime.events(events)), ...header, number, hash }).map(({ id, subject }) => `${id} ${subject}`)).toEqual([
      'serai.validator-sets.set-retired.v1/21/0 Serai/0',
      'serai.validator-sets.accepted-handover.v1/21/1 Serai/1',
      'serai.validator-sets.new-set.v1/21/2 Serai/1',
      'serai.system.extrinsic-success.v1/21/3 21/3',
      'serai.grandpa.new-authorities.v1/21/4 21/4',
      'serai.chain.block.v1/21 21',
    ]);
  });
});
