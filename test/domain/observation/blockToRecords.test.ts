import { describe, expect, it } from 'vitest';
import type { Hex } from '../../../src/domain/hex.ts';
import { blockToRecords, type ObservedBlock, type ObservedEvent } from '../../../src/domain/observation/blockToRecords.ts';
import { chainMessage } from '../../../src/domain/observation/schemas.ts';
import { patchMetadata } from '../../../src/drivers/polkadot/patchMetadata.ts';
import { openRuntime } from '../../../src/drivers/polkadot/runtime.ts';
import { golden, goldenPresent, goldenText } from '../../support/golden.ts';

const bytes = (byte: string): Hex => `0x${byte.repeat(32)}`;
const alice: Hex = '0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d';
const aliceAccount = { address: '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY', publicKey: alice };

const blockOf = (events: readonly ObservedEvent[], participants: ObservedBlock['participants'] = {}): ObservedBlock => ({
  number: 7,
  hash: bytes('01'),
  parentHash: bytes('02'),
  stateRoot: bytes('03'),
  extrinsicsRoot: bytes('04'),
  time: 1_790_000_000_000,
  events,
  participants,
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
    { set: bitcoin, key_pair: { 0: bytes('53'), 1: '0x0203' } },
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
];

describe('the records of a block', () => {
  it.each(cases)('tell %s.%s', (pallet, name, fields, type, subject, data) => {
    expect(blockToRecords(blockOf([event(pallet, name, fields)]))[0]).toEqual({
      type,
      id: `${type}/7/0`,
      subject,
      time: '2026-09-21T14:13:20.000Z',
      data: { ...place, ...data },
    });
  });

  it('end with the block itself, whatever happened in it', () => {
    const transfer = event('Coins', 'Transfer', { from: alice, to: bytes('25'), balance: { coin: 'Dai', amount: '77' } });
    expect(blockToRecords(blockOf([transfer]))).toEqual([
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

  it('begin with the participants of new external sets, before any other event', () => {
    const events = [event('InInstructions', 'Halt', { network: 'Monero' }), event('ValidatorSets', 'NewSet', { set: bitcoin }, 1)];
    const records = blockToRecords(blockOf(events, { Bitcoin: [{ publicKey: alice, weight: 4 }] }));
    expect(records.map(({ type }) => type)).toEqual([
      'serai.validator-sets.participants.v1',
      'serai.in-instructions.halt.v1',
      'serai.validator-sets.new-set.v1',
      'serai.chain.block.v1',
    ]);
    expect(records[0]).toMatchObject({ subject: 'Bitcoin/2', data: { set: bitcoin, participants: [{ ...aliceAccount, weight: 4 }] } });
  });

  it('tell events that touch what is of interest, once for each account', () => {
    const transfer = event('Coins', 'Transfer', { from: alice, to: bytes('25'), balance: { coin: 'Dai', amount: '77' } });
    const records = blockToRecords(blockOf([transfer]), { accounts: [alice, bytes('25'), bytes('26')] });
    expect(records.map(({ id }) => id)).toEqual([
      `serai.account.touched.v1/7/0/${alice}`,
      `serai.account.touched.v1/7/0/${bytes('25')}`,
      'serai.chain.block.v1/7',
    ]);
  });

  it('are the same when made again', () => {
    const block = blockOf(cases.slice(1).map(([pallet, name, fields], index) => event(pallet, name, fields, index)));
    expect(JSON.stringify(blockToRecords(block))).toBe(JSON.stringify(blockToRecords(structuredClone(block))));
  });

  it('cannot be told when a new set comes without participants, or fields are others than we know', () => {
    const undecodable = expect.objectContaining({ code: 'chain.undecodable' }) as Error;
    expect(() => blockToRecords(blockOf([event('ValidatorSets', 'NewSet', { set: bitcoin })]))).toThrow(undecodable);
    expect(() => blockToRecords(blockOf([event('InInstructions', 'Halt', { network: 'Dogecoin' })]))).toThrow(undecodable);
    expect(() => blockToRecords(blockOf([event('ValidatorSets', 'KeyGen', { set: bitcoin })]))).toThrow(undecodable);
  });

  it('refuse a field more', () => {
    const [record] = blockToRecords(blockOf([]));
    expect(chainMessage.safeParse({ type: record?.type, data: { ...record?.data, more: 1 } }).success).toBe(false);
  });
});

interface RecordedBlock {
  readonly number: number;
  readonly hash: Hex;
  readonly header: { readonly parentHash: Hex; readonly stateRoot: Hex; readonly extrinsicsRoot: Hex };
  readonly events: Hex;
}

describe.skipIf(!goldenPresent)('the records of recorded blocks', () => {
  const recordsOf = (number: number, participants: ObservedBlock['participants']) => {
    const runtime = openRuntime(patchMetadata(goldenText('metadata_v15.hex') as Hex), 'serai-1');
    const recorded = (golden('node/blocks.json') as { readonly blocks: readonly RecordedBlock[] }).blocks[number];
    if (recorded === undefined) throw new Error(`block ${String(number)} was not recorded`);
    const { hash, header, events } = recorded;
    return blockToRecords({ ...blockOf(runtime.events(events), participants), ...header, number, hash });
  };

  it('tell the first sets in genesis', () => {
    const members = [{ publicKey: alice, weight: 1 }];
    expect(recordsOf(0, { Bitcoin: members, Ethereum: members, Monero: members }).map(({ type, subject }) => `${type} ${subject}`)).toEqual(
      [
        ...['Bitcoin', 'Ethereum', 'Monero'].map((network) => `serai.validator-sets.participants.v1 ${network}/0`),
        ...['Serai', 'Bitcoin', 'Ethereum', 'Monero'].map((network) => `serai.validator-sets.new-set.v1 ${network}/0`),
        'serai.chain.block.v1 0',
      ],
    );
  });

  it('tell the rotation of Serai in block 21', () => {
    expect(recordsOf(21, {}).map(({ id, subject }) => `${id} ${subject}`)).toEqual([
      'serai.validator-sets.set-retired.v1/21/0 Serai/0',
      'serai.validator-sets.accepted-handover.v1/21/1 Serai/1',
      'serai.validator-sets.new-set.v1/21/2 Serai/1',
      'serai.chain.block.v1/21 21',
    ]);
  });
});
