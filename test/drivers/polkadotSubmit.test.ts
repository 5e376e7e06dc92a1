import { describe, expect, it, onTestFinished } from 'vitest';
import { fromHex, type Hex, toHex } from '../../src/domain/hex.ts';
import { batch } from '../../src/domain/serai/types.ts';
import { openSeraiClient, type SeraiClient } from '../../src/drivers/polkadot/openSeraiClient.ts';
import { extrinsicOf } from '../../src/drivers/polkadot/submitCall.ts';
import type { ChainCall } from '../../src/sinks/toChain.ts';
import { golden, goldenPresent } from '../support/golden.ts';
import { type Answer, openRecordedNode, type RecordedNode } from '../support/recordedNode.ts';

interface GoldenCall {
  readonly call: string;
  readonly fields: {
    readonly network: string;
    readonly removed_participants: readonly Hex[];
    readonly key_pair: { readonly ristretto: Hex; readonly external: Hex };
    readonly signature: Hex;
  };
  readonly unsigned_extrinsic_hex: Hex;
}

interface GoldenReport {
  readonly call: string;
  readonly fields: { readonly network: string; readonly slashes: readonly (readonly [Hex, number])[]; readonly signature: Hex };
  readonly unsigned_extrinsic_hex: Hex;
}

const setKeys: ChainCall = {
  call: 'set_keys',
  network: 'Bitcoin',
  session: 0,
  removed: [],
  keyPair: { substrate: `0x${'53'.repeat(32)}`, network: '0x8081' },
  signature: `0x${'5a'.repeat(64)}`,
};
const executeBatch: ChainCall = {
  call: 'execute_batch',
  network: 'Monero',
  id: 4,
  batch: toHex(batch.encode({ network: 'Monero', id: 4, block: new Uint8Array(32), instructions: [] })),
  signature: `0x${'60'.repeat(64)}`,
};

const lastBatchKey = '0xb1de3c4bd32ddd413f0510a1438c2d3f20c01c6a466e685c45c3e3f68d5be83c';
const keysPrefix = '0x91414b51fb24a73654f23de268c3757d9f99a2ce711f3a31b2fc05604c93f179';
const sessionKey = '0x91414b51fb24a73654f23de268c3757de364355265357291b2f50b872214452901';

const pendingReportKey = '0x91414b51fb24a73654f23de268c3757d3a3f9a7a9cf970e76fdb86058fea8bff';

const open = async (): Promise<readonly [SeraiClient, RecordedNode, (storage: Record<string, string>, submitted?: Answer) => void]> => {
  const node = await openRecordedNode();
  onTestFinished(() => node.close());
  node.finalize(8);
  const log = { info: () => undefined, warn: () => undefined };
  const client = await openSeraiClient({ endpoints: [node.url], log });
  onTestFinished(() => client.close());
  const arrange = (storage: Record<string, string>, submitted?: Answer): void => {
    node.meddle((method, params) => {
      if (method === 'author_submitExtrinsic') return submitted;
      if (method === 'state_queryStorageAt') {
        const keys = params[0] as string[];
        return { result: [{ block: node.blocks[8]?.hash, changes: keys.map((key) => [key, find(storage, key)]) }] };
      }
      return method === 'state_getStorage' ? { result: find(storage, String(params[0])) } : undefined;
    });
  };
  return [client, node, arrange];
};

const find = (storage: Record<string, string>, key: string): string | null =>
  Object.entries(storage).find(([prefix]) => key.startsWith(prefix))?.[1] ?? null;

const failed = (code: number, message: string, data?: string): Answer => ({
  error: { code, message, ...(data === undefined ? {} : { data }) },
});
const invalid = (data: string): Answer => failed(1010, 'Invalid Transaction', data);

describe.skipIf(!goldenPresent)('calls to the chain', () => {
  it('have the bytes Serai gives them', () => {
    const { calls } = golden('calls.json') as { readonly calls: readonly GoldenCall[] };
    const recorded = calls.filter(({ call }) => call === 'set_keys');
    expect(recorded.length).toBeGreaterThan(1);
    for (const { fields, unsigned_extrinsic_hex } of recorded) {
      const { network, removed_participants: removed, key_pair, signature } = fields;
      const keyPair = { substrate: key_pair.ristretto, network: key_pair.external };
      expect(extrinsicOf({ call: 'set_keys', network, session: 0, removed, keyPair, signature })).toBe(unsigned_extrinsic_hex);
    }
    for (const { unsigned_extrinsic_hex } of calls.filter(({ call }) => call === 'execute_batch')) {
      const bytes = fromHex(unsigned_extrinsic_hex);
      const inner = toHex(bytes.subarray(2, -65));
      const signature = toHex(bytes.subarray(-65, -1));
      expect(extrinsicOf({ call: 'execute_batch', network: 'Bitcoin', id: 0, batch: inner, signature })).toBe(unsigned_extrinsic_hex);
    }
  });

  it('report slashes in the bytes Serai gives them', () => {
    const { calls } = golden('calls.json') as { readonly calls: readonly GoldenReport[] };
    const recorded = calls.filter(({ call }) => call === 'report_slashes');
    expect(recorded.length).toBeGreaterThan(0);
    for (const { fields, unsigned_extrinsic_hex } of recorded) {
      const slashes = fields.slashes.map(([validator, points]) => ({ validator, points }));
      const call = { call: 'report_slashes', network: fields.network, session: 0, slashes, signature: fields.signature } as const;
      expect(extrinsicOf(call)).toBe(unsigned_extrinsic_hex);
    }
  });

  it('report slashes while a report is pending, and only of the set before the current one', async () => {
    const [client, , arrange] = await open();
    const report: ChainCall = { call: 'report_slashes', network: 'Bitcoin', session: 0, slashes: [], signature: `0x${'5a'.repeat(64)}` };
    const key = `0x${'53'.repeat(32)}`;
    arrange({ [sessionKey]: '0x01000000', [pendingReportKey]: key });
    await expect(client.isDone(report)).resolves.toBe(false);
    arrange({ [sessionKey]: '0x01000000' });
    await expect(client.isDone(report)).resolves.toBe(true);
    arrange({ [sessionKey]: '0x02000000', [pendingReportKey]: key });
    await expect(client.isDone(report)).resolves.toBe(true);
  });

  it('are done when the chain shows it, keys that have been retired included', async () => {
    const [client, , arrange] = await open();
    arrange({});
    await expect(client.isDone(setKeys)).resolves.toBe(false);
    await expect(client.isDone(executeBatch)).resolves.toBe(false);
    arrange({ [sessionKey]: '0x00000000', [lastBatchKey]: '0x03000000' });
    await expect(client.isDone(setKeys)).resolves.toBe(false);
    await expect(client.isDone(executeBatch)).resolves.toBe(false);
    arrange({ [keysPrefix]: `0x${'53'.repeat(32)}088081`, [lastBatchKey]: '0x04000000' });
    await expect(client.isDone(setKeys)).resolves.toBe(true);
    await expect(client.isDone(executeBatch)).resolves.toBe(true);
    arrange({ [sessionKey]: '0x01000000' });
    await expect(client.isDone(setKeys)).resolves.toBe(true);
  });

  it('are submitted, and what the node says is told apart', async () => {
    const [client, node, arrange] = await open();
    arrange({}, { result: node.blocks[1]?.hash });
    await expect(client.submit(setKeys)).resolves.toBeUndefined();
    const cases: readonly (readonly [Answer, string, string])[] = [
      [invalid('Transaction will be valid in the future'), 'chain.retry', 'future'],
      [failed(1013, 'Transaction is already imported'), 'chain.retry', 'already imported'],
      [failed(1012, 'Transaction is temporarily banned'), 'chain.retry', 'banned'],
      [invalid('Transaction has a bad signature'), 'chain.rejected', 'bad signature'],
      [invalid('Transaction is outdated'), 'chain.retry', 'outdated'],
      [invalid('Custom error: 3'), 'chain.rejected', 'too few key shares'],
      [failed(-32000, 'Client error: Could not decode `Call`'), 'chain.rejected', 'Could not decode'],
    ];
    for (const [answer, code, reason] of cases) {
      arrange({}, answer);
      await expect(client.submit(setKeys)).rejects.toMatchObject({ code, message: expect.stringContaining(reason) as string });
    }
  });

  /** Every outcome that reference serai.md §b.14 lists, in the words of the node: what is tried again, and what never will be. */
  it.each([
    ['set_keys', 'Transaction is outdated', 'chain.retry', 'outdated'],
    ['set_keys', 'Custom error: 1', 'chain.rejected', 'no session'],
    ['set_keys', 'Custom error: 2', 'chain.rejected', 'named twice'],
    ['set_keys', 'Custom error: 3', 'chain.rejected', 'too few key shares'],
    ['set_keys', 'Transaction has a bad signature', 'chain.rejected', 'bad signature'],
    ['report_slashes', 'Transaction is outdated', 'chain.retry', 'outdated'],
    ['report_slashes', 'Transaction has a bad signature', 'chain.rejected', 'bad signature'],
    ['execute_batch', 'Transaction is outdated', 'chain.retry', 'outdated'],
    ['execute_batch', 'Transaction will be valid in the future', 'chain.retry', 'future'],
    ['execute_batch', 'Transaction has a bad signature', 'chain.rejected', 'bad signature'],
    ['execute_batch', 'Custom error: 1', 'chain.rejected', 'halted'],
    ['execute_batch', 'Custom error: 2', 'chain.rejected', 'another network'],
    ['execute_batch', 'Transaction would exhaust the block limits', 'chain.rejected', 'exhaust'],
  ])('%s refused with "%s" is %s', async (name, said, code, reason) => {
    const [client, , arrange] = await open();
    const report: ChainCall = { call: 'report_slashes', network: 'Bitcoin', session: 0, slashes: [], signature: `0x${'5a'.repeat(64)}` };
    const call = [setKeys, executeBatch, report].find((each) => each.call === name) ?? setKeys;
    // A report is pending, and nothing else is done.
    arrange(
      { [sessionKey]: name === 'report_slashes' ? '0x01000000' : '0x00000000', [pendingReportKey]: `0x${'53'.repeat(32)}` },
      invalid(said),
    );
    await expect(client.submit(call)).rejects.toMatchObject({ code, message: expect.stringContaining(reason) as string });
  });

  it('are a success when outdated because the chain has them', async () => {
    const [client, , arrange] = await open();
    arrange({ [lastBatchKey]: '0x09000000' }, invalid('Transaction is outdated'));
    await expect(client.submit(executeBatch)).resolves.toBeUndefined();
  });
});
