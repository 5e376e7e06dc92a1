import { randomBytes } from 'node:crypto';
import { Subject } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deriver, signingSecretsOf } from '../../src/commands/deploymentKeys.ts';
import { type Running, supervise } from '../../src/core/supervise.ts';
import type { CryptoContext } from '../../src/domain/crypto/context.ts';
import { MusigSigner } from '../../src/domain/crypto/musigSigner.ts';
import { enterQuarantine, resume } from '../../src/domain/crypto/quarantine.ts';
import { head } from '../../src/domain/crypto/rows.ts';
import { publicKeyOf } from '../../src/domain/record/signRecord.ts';
import { sourcesOf, topicsOf, writersOf } from '../../src/domain/topics.ts';
import { type KafkaBus, openKafka } from '../../src/drivers/kafka/openKafka.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { type ModuleShapes, openModule } from '../../src/modules/module.ts';
import { configFile, MASTER } from '../support/configFile.ts';
import { runCommand } from '../support/devnetProcess.ts';
import { type Broker, brokerPossible, startBroker } from '../support/kafkaBroker.ts';

const secrets = signingSecretsOf(deriver(MASTER, 'alice'));
const topics = topicsOf('alice');
const sources = sourcesOf('alice');

const context: CryptoContext = {
  self: `0x${'01'.repeat(32)}`,
  genesisHash: `0x${'02'.repeat(32)}`,
  networks: [],
  topics,
  sign: () => new Uint8Array(64),
  verify: () => false,
  isLive: (time) => time > Date.parse('2026-01-01T00:00:00Z'),
  musig: new MusigSigner(new Uint8Array(32).fill(1)),
};

/** The part of a crypto module that quarantine is about, on a real broker. */
describe.runIf(brokerPossible)('resume', () => {
  let broker: Broker;
  let bus: KafkaBus;
  let config: string;
  let module: ModuleShapes;
  let running: Running;

  beforeAll(async () => {
    broker = await startBroker();
    const log = { debug: () => undefined, warn: () => undefined };
    bus = await openKafka({ brokers: [broker.address], clientId: 'resume', transactionalId: 'alice-crypto', log });
    config = configFile(broker.address);
    await runCommand('topics', '--config', config, '--create');
    const stop$ = new Subject<void>();
    module = await openModule(
      {
        store: openMemoryStore(),
        bus,
        source: sources.crypto,
        signingSecret: secrets.crypto,
        pins: { [sources.operator]: publicKeyOf(secrets.operator) },
        writers: writersOf('alice', ['Bitcoin']),
        deadLetter: topics.deadLetter,
        random: (length) => new Uint8Array(randomBytes(length)),
        parkedFor: 200,
        parked: () => undefined,
        stop$,
      },
      {},
      { open: [topics.reports] },
    );
    await module.ledger.commit({
      decide: (draft) => {
        head.put(draft, '', { number: 40, hash: `0x${'04'.repeat(32)}`, time: '2026-01-02T03:04:05.000Z' });
        enterQuarantine(draft, context, 'the store was restored from backup 20260102T030405Z');
      },
    });
    running = supervise(
      [
        module.readControl({
          topic: topics.control,
          operator: sources.operator,
          integrity: sources.integrity,
          obey: (draft, order, id) => {
            if (order.type === 'serai.control.leave-quarantine.v1') resume(draft, context, { id, force: order.data.force });
          },
        }),
        module.relayTopic(topics.reports),
        module.relayTopic(topics.deadLetter),
      ],
      stop$,
    );
  });
  afterAll(async () => {
    running.stop(1_000);
    await running.ended;
    await module.ledger.close();
    await bus.close();
    await broker.stop();
  });

  it('ends a quarantine with an account of it, and says why it does not', async () => {
    const done = await runCommand('resume', '--reason', 'restored', '--config', config);
    expect({ code: done.code, stderr: done.stderr }).toEqual({ code: 0, stderr: '' });
    expect(done.stdout).toContain('the store was restored from backup 20260102T030405Z');
    expect(done.stdout).toContain('burnt: whatever begins at or below block 40');
    const again = await runCommand('resume', '--reason', 'once more', '--json', '--config', config);
    expect(again.code).toBe(1);
    expect(JSON.parse(again.stdout)).toMatchObject({ resumed: false, reasons: ['this coordinator is not in quarantine'] });
    const audit = await runCommand('audit', 'list', '--config', config);
    expect(audit.stdout).toMatch(/leave-quarantine.*restored/);
  });
});
