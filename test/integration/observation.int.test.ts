import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type FaultName, setFault } from '../../src/devnet/node/faults.ts';
import { openSeraiNode, type SeraiNode } from '../../src/devnet/node/seraiNode.ts';
import { eventSchemas } from '../../src/domain/observation/eventSchemas.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { goldenPresent } from '../support/golden.ts';
import { type Observer, type ObserverOptions, openObserver } from '../support/observer.ts';
import { eventsKey, openRecordedNode } from '../support/recordedNode.ts';

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 15_000, interval: 20 });

let clock = 1_790_000_000_000;
const openNode = async (): Promise<SeraiNode> => {
  const node = await openSeraiNode({ store: openMemoryStore(), port: 0, blockTime: 0, now: () => (clock += 6_000) });
  onTestFinished(() => node.close());
  return node;
};

const observe = async (options: ObserverOptions): Promise<Observer> => {
  const observer = await openObserver(options);
  onTestFinished(() => observer.stop());
  return observer;
};

const produce = async (node: SeraiNode, blocks: number): Promise<void> => {
  for (let made = 0; made < blocks; made += 1) await node.produceBlock();
};

const plain = ({ records }: Observer) =>
  records.map(({ offset, headers, value }) => ({ offset, headers, value: Buffer.from(value).toString('utf8') }));

/** Every finalized block is published, in order, once; and no record number is left out or used twice. */
const hasAll = (node: SeraiNode, observer: Observer): void => {
  expect(observer.heights()).toEqual(range(0, node.finalizedNumber()));
  expect(observer.records.map(({ headers }) => Number(headers['ce_sequence']))).toEqual(range(1, observer.records.length));
  expect(new Set(observer.records.map(({ headers }) => headers['ce_id'])).size).toBe(observer.records.length);
};

describe('observation', { timeout: 40_000 }, () => {
  it('publishes the same bytes whether it was there or came late', async () => {
    const node = await openNode();
    const live = await observe({ endpoints: [node.url] });
    for (let block = 0; block < 20; block += 1) {
      await node.produceBlock();
      await until(() => {
        expect(live.heights().length).toBe(node.finalizedNumber() + 1);
      });
    }
    const late = await observe({ endpoints: [node.url] });
    await until(() => {
      hasAll(node, late);
    });
    expect(plain(late)).toEqual(plain(live));
    const types = new Set(live.records.map(({ headers }) => headers['ce_type']));
    expect(types).toContain('serai.coins.supply.v1');
    expect(types).toContain('serai.system.extrinsic-success.v1');
  });

  const faults: readonly (readonly [FaultName, number | true])[] = [
    ['skip-heads', true],
    ['repeat-heads', true],
    ['forks', true],
    ['disconnect', true],
    ['slow', 40],
    ['wrong-block', true],
    ['syncing', true],
  ];

  it.each(faults)('misses nothing when the node has the fault %s', async (fault, value) => {
    const node = await openNode();
    setFault(node.faults, fault, value);
    const observer = await observe({ endpoints: [node.url] });
    for (let round = 0; round < 4; round += 1) {
      await produce(node, 8);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    await until(() => {
      hasAll(node, observer);
    });
  });

  it('misses nothing with all of these faults at once', async () => {
    const node = await openNode();
    for (const [fault, value] of faults) setFault(node.faults, fault, value);
    const observer = await observe({ endpoints: [node.url] });
    await produce(node, 30);
    await until(() => {
      hasAll(node, observer);
    });
  });

  it('notices that the node stalls, tries another connection, and goes on when it does', async () => {
    const node = await openNode();
    await produce(node, 5);
    const lines: string[] = [];
    const log = { info: () => undefined, warn: (_fields: object, message: string) => void lines.push(message) };
    const observer = await observe({ endpoints: [node.url], client: { silence: 300, log } });
    await until(() => {
      expect(lines).toContain('chain silent');
    });
    await produce(node, 5);
    await until(() => {
      hasAll(node, observer);
    });
  });

  it('reads the block that upgrades the runtime with the runtime it replaces, and those after it with the new one', async () => {
    const node = await openNode();
    const live = await observe({ endpoints: [node.url] });
    const enacted: number[] = [];
    for (let upgrade = 0; upgrade < 3; upgrade += 1) {
      await produce(node, 3);
      setFault(node.faults, 'runtime-upgrade', true);
      enacted.push((await node.produceBlock()).number);
    }
    // The runtime is asked for at its block, not at the head: every upgrade is known by now to whoever comes late.
    await produce(node, 4);
    const late = await observe({ endpoints: [node.url] });
    await until(() => {
      hasAll(node, live);
      hasAll(node, late);
    });
    expect(plain(late)).toEqual(plain(live));
    const everyType = Object.values(eventSchemas).map((schema) => schema.shape.type.value);
    for (const height of enacted) {
      const types = live.records
        .filter(({ headers }) => headers['ce_id']?.split('/')[1] === String(height))
        .map(({ headers }) => headers['ce_type']);
      expect(types).toEqual(expect.arrayContaining(everyType));
      expect(everyType).toHaveLength(45);
    }
    const versions = live.records.filter(({ headers }) => headers['ce_type'] === 'serai.system.code-updated.v1');
    expect(versions).toHaveLength(3);
  });

  it('ends when another endpoint contradicts, whichever of them lies', async () => {
    const node = await openNode();
    await produce(node, 12);
    const liar = await node.openLiar(6);
    for (const endpoints of [
      [node.url, liar],
      [liar, node.url],
    ]) {
      const observer = await observe({ endpoints });
      await expect(observer.ended).rejects.toMatchObject({
        code: expect.stringMatching(/^chain\.(disagreement|contradiction)$/) as string,
      });
    }
  });

  it('sees one chain, though blocks are asked for faster than they are made', async () => {
    const node = await openNode();
    const observer = await observe({ endpoints: [node.url] });
    const made = await Promise.all(Array.from({ length: 30 }, () => node.produceBlock()));
    expect(made.map(({ number }) => number)).toEqual(range(1, 30));
    await until(() => {
      hasAll(node, observer);
    });
  });

  it('goes on after a stop where it was, with a new epoch', async () => {
    const node = await openNode();
    const [store, log] = [openMemoryStore(), openMemoryStore()];
    const kept = (inner: typeof store) => ({ ...inner, close: () => Promise.resolve() });
    await produce(node, 6);
    const before = await observe({ endpoints: [node.url], store: kept(store), log: kept(log) });
    await until(() => {
      hasAll(node, before);
    });
    await before.stop();
    await produce(node, 6);
    const after = await observe({ endpoints: [node.url], store: kept(store), log: kept(log) });
    await until(() => {
      hasAll(node, after);
    });
    expect(new Set(after.records.map(({ headers }) => headers['ce_epoch']))).toEqual(new Set(['1', '2']));
  });

  it('refuses a store that is of another chain, or of one with another byte layout', async () => {
    const store = { ...openMemoryStore(), close: () => Promise.resolve() };
    const node = await openNode();
    await (await observe({ endpoints: [node.url], store })).stop();
    const genesisHash = `0x${'55'.repeat(32)}` as const;
    await expect(openObserver({ endpoints: [node.url], store, pretend: { genesisHash } })).rejects.toMatchObject({
      code: 'chain.wrong-genesis',
    });
    await expect(openObserver({ endpoints: [node.url], store, pretend: { profile: 'serai-t2' } })).rejects.toMatchObject({
      code: 'chain.wrong-profile',
    });
  });
});

describe.skipIf(!goldenPresent)('observation of a recorded node', { timeout: 40_000 }, () => {
  it('parks at a block it cannot decode, keeps it for the operator once, and goes on when it can', async () => {
    const node = await openRecordedNode();
    onTestFinished(() => node.close());
    node.finalize(9);
    node.meddle((method, params) => {
      if (method !== 'state_queryStorageAt' || params[1] !== node.blocks[4]?.hash) return undefined;
      const { result } = node.answer(method, params) as { result: { block: string; changes: [string, string][] }[] };
      return {
        result: result.map(({ block, changes }) => ({
          block,
          changes: changes.map(([key, value]) => [key, key === eventsKey ? '0x04ff' : value]),
        })),
      };
    });
    const observer = await observe({ endpoints: [node.url] });
    await until(() => {
      expect(observer.parked.length).toBeGreaterThan(2);
    });
    expect(observer.heights()).toEqual(range(0, 3));
    await until(() => {
      expect(observer.letters).toHaveLength(1);
    });
    const [letter] = observer.letters;
    expect(JSON.parse(Buffer.from(letter?.value ?? []).toString('utf8'))).toMatchObject({
      topic: 'test-chain',
      code: 'chain.undecodable',
      record: { block: { number: 4, hash: node.blocks[4]?.hash }, raw: '0x04ff', runtime: 'serai-1' },
    });
    node.meddle(() => undefined);
    await until(() => {
      expect(observer.heights()).toEqual(range(0, 9));
    });
  });

  it('publishes blocks 0 to 24, the rotation in block 21 included', async () => {
    const node = await openRecordedNode();
    onTestFinished(() => node.close());
    node.finalize(24);
    const observer = await observe({ endpoints: [node.url] });
    await until(() => {
      expect(observer.heights()).toEqual(range(0, 24));
    });
    const ids = observer.records.map(({ headers }) => headers['ce_id'] ?? '').filter((id) => id.split('/')[1] === '21');
    expect(ids).toEqual([
      'serai.validator-sets.current-session.v1/21/Serai',
      'serai.validator-sets.participants.v1/21/Serai/1',
      'serai.validator-sets.set-retired.v1/21/0',
      'serai.validator-sets.accepted-handover.v1/21/1',
      'serai.validator-sets.new-set.v1/21/2',
      'serai.system.extrinsic-success.v1/21/3',
      'serai.grandpa.new-authorities.v1/21/4',
      'serai.chain.block.v1/21',
    ]);
  });
});
