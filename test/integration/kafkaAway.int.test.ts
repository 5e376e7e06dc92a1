import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { BUCKETS } from '../../src/data/buckets.ts';
import type { Store } from '../../src/data/store.ts';
import { openSeraiNode } from '../../src/devnet/node/seraiNode.ts';
import { STANDSTILL, stuckStages } from '../../src/domain/health/readiness.ts';
import { type KafkaBus, openKafka } from '../../src/drivers/kafka/openKafka.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { type Broker, brokerPossible, startBroker } from '../support/kafkaBroker.ts';
import { openObserver } from '../support/observer.ts';

const waitingIn = async (store: Store): Promise<number> => (await Array.fromAsync(store.scan(BUCKETS.outbox))).length;

describe.runIf(brokerPossible)('while the broker is away', () => {
  let broker: Broker;
  let bus: KafkaBus;
  const lines: string[] = [];
  beforeEach(async () => {
    broker = await startBroker();
    const log = { debug: () => undefined, warn: (_fields: object, event: string) => void lines.push(event) };
    bus = await openKafka({ brokers: [broker.address], clientId: 'away', transactionalId: 'away', log });
  });
  afterEach(async () => {
    await bus.close();
    await broker.stop();
  });

  it('the chain is observed on into the outbox, which drains in order when it is back', async () => {
    let clock = 1_790_000_000_000;
    const node = await openSeraiNode({ store: openMemoryStore(), port: 0, blockTime: 0, now: () => (clock += 6_000) });
    onTestFinished(() => node.close());
    const store = openMemoryStore();
    const observer = await openObserver({ endpoints: [node.url], bus, name: 'away', store });
    onTestFinished(() => observer.stop());
    const produce = async (blocks: number): Promise<void> => {
      for (let made = 0; made < blocks; made += 1) await node.produceBlock();
    };
    const until = (check: () => void | Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 60_000, interval: 50 });

    await produce(6);
    await until(() => {
      expect(observer.heights()).toEqual([0, 1, 2, 3, 4]);
    });
    await broker.kill();
    await produce(80);
    await until(async () => {
      expect(await waitingIn(store)).toBeGreaterThanOrEqual(80);
      expect(lines).toContain('kafka away');
    });
    expect(observer.heights()).toHaveLength(5);
    expect(stuckStages(observer.stages(), Date.now() + STANDSTILL)).toMatchObject([
      { stage: '/away/observation sends to topic/away-chain', why: expect.stringContaining(broker.address) as string },
    ]);
    await broker.restart();
    await until(() => {
      expect(observer.heights()).toEqual(Array.from({ length: 85 }, (_, height) => height));
    });
    expect(lines.at(-1)).toBe('kafka back');
    await until(() => {
      expect(stuckStages(observer.stages(), Date.now() + STANDSTILL)).toEqual([]);
    });
    const sequences = observer.records.map(({ headers }) => Number(headers['ce_sequence']));
    expect(sequences).toEqual(Array.from({ length: observer.records.length }, (_, index) => index + 1));
  });
});
