import { randomBytes } from 'node:crypto';
import { Subject } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { deriver, signingSecretsOf } from '../../src/commands/deploymentKeys.ts';
import { type Running, supervise } from '../../src/core/supervise.ts';
import { RecordWriter } from '../../src/data/recordWriter.ts';
import { publicKeyOf } from '../../src/domain/record/signRecord.ts';
import type { Json } from '../../src/domain/tables.ts';
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
const processor = { source: sources.processor('Bitcoin'), secret: new Uint8Array(32).fill(5) };
const pins = {
  [sources.crypto]: publicKeyOf(secrets.crypto),
  [sources.operator]: publicKeyOf(secrets.operator),
  [processor.source]: publicKeyOf(processor.secret),
};

interface Listed {
  readonly offset: string;
  readonly id: string;
  readonly fate: string;
  readonly act: { readonly what: string; readonly reason: string } | null;
}

/** The reading half of a coordinator: numbers on `alice-serai` below a limit are counted. */
describe.runIf(brokerPossible)('dlq, on a real broker', () => {
  let broker: Broker;
  let bus: KafkaBus;
  let config: string;
  let module: ModuleShapes;
  let running: Running;
  const can = { limit: 10 };

  beforeAll(async () => {
    broker = await startBroker();
    bus = await openKafka({
      brokers: [broker.address],
      clientId: 'dlq',
      transactionalId: 'alice-coordinator',
      log: { debug: () => undefined, warn: () => undefined },
    });
    config = configFile(
      broker.address,
      `[keys.pins]\n"${processor.source}" = "0x${Buffer.from(publicKeyOf(processor.secret)).toString('hex')}"`,
    );
    await runCommand('topics', '--config', config, '--create');
    const stop$ = new Subject<void>();
    module = await openModule(
      {
        store: openMemoryStore(),
        bus,
        source: sources.crypto,
        signingSecret: secrets.crypto,
        pins,
        writers: writersOf('alice', ['Bitcoin']),
        deadLetter: topics.deadLetter,
        random: (length) => new Uint8Array(randomBytes(length)),
        parkedFor: 200,
        parked: () => undefined,
        stop$,
      },
      {},
    );
    const understand = (_record: unknown, data: Json) => {
      const number = Number(data);
      if (number >= can.limit) throw new Error(`${String(number)} is not understood`);
      return (draft: { put(table: string, key: string, value: Json): void }): void => {
        draft.put('counts', String(number), (Number(module.ledger.get('counts', String(number))) || 0) + 1);
      };
    };
    const routes = [
      module.read({ topic: topics.serai, sealed: false, refused: 'dead-letter', understand }),
      module.readControl({ topic: topics.control, operator: sources.operator, integrity: '/x/integrity', obey: () => undefined }),
      module.relayTopic(topics.deadLetter),
    ];
    running = supervise(routes, stop$);
    const writer = new RecordWriter(
      {
        source: processor.source,
        signingSecret: processor.secret,
        keys: { epoch: 1, secret: MASTER },
        counterpart: () => 'open',
        random: (length) => new Uint8Array(length),
      },
      [],
    );
    for (const number of [12, 13, 14, 2]) {
      const message = {
        topic: topics.serai,
        type: 'test.v1',
        id: `number/${String(number)}`,
        time: '2026-01-02T03:04:05.000Z',
        data: number,
      };
      for (const run of writer.write(topics.serai, [message])) await bus.append(topics.serai, run);
    }
    await vi.waitFor(() => {
      expect(counts()).toEqual({ 2: 1 });
    }, 20_000);
    await vi.waitFor(async () => {
      expect(await bus.tail(topics.deadLetter, sources.crypto)).toMatchObject({ sequence: 3n });
    }, 20_000);
  });
  afterAll(async () => {
    running.stop(2_000);
    await running.ended;
    await module.ledger.close();
    await bus.close();
    await broker.stop();
  });

  const counts = () => Object.fromEntries(module.ledger.rows('counts'));

  const dlq = (...args: readonly string[]) => runCommand('dlq', ...args, '--config', config);

  const list = async (...args: readonly string[]): Promise<readonly Listed[]> => {
    const { stdout, stderr } = await dlq('list', '--json', ...args);
    if (stdout === '') throw new Error(stderr);
    return (JSON.parse(stdout) as { letters: readonly Listed[] }).letters;
  };

  it('lists what is open, and shows a letter with its raw bytes', async () => {
    const letters = await list();
    expect(letters).toMatchObject([
      {
        id: 'serai.dead-letter.v1/alice-serai/0/alice/crypto',
        source: '/alice/crypto',
        fate: 'refused',
        code: 'record.undecodable',
        act: null,
      },
      { origin: { topic: 'alice-serai' }, time: '2026-01-02T03:04:05.000Z', reason: 'Error: 13 is not understood' },
      { reason: 'Error: 14 is not understood' },
    ]);
    const table = await dlq('list');
    expect(table.stdout).toMatch(/^offset +time +origin +fate +code +reason\n0 +2026-01-02T03:04:05\.000Z +alice-serai 0 +refused /);
    expect(table.stderr).toBe('');
    const shown = await dlq('show', letters[0]?.id ?? '');
    expect(shown.stdout).toContain('header  ce_id: number/12\n');
    expect(shown.stdout).toContain('data    0x3132\ntext    12\n');
    const json = await dlq('show', letters[1]?.offset ?? '', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ id: letters[1]?.id, record: { headers: { ce_id: 'number/13' }, data: '0x3133' } });
  });

  it('drops a letter with a reason, once', async () => {
    const [first] = await list();
    const drop = ['drop', first?.offset ?? '', '--reason', 'a test of the processor'];
    expect(await dlq(...drop)).toMatchObject({ code: 0, stdout: `dropped ${String(first?.id)}\n` });
    const again = await dlq(...drop);
    expect(again.code).toBe(0);
    expect(again.stdout).toMatch(/was dropped 20.*: a test of the processor; nothing more is done/);
    expect(await list()).toHaveLength(2);
    expect((await list('--all'))[0]).toMatchObject({ id: first?.id, act: { what: 'dropped', reason: 'a test of the processor' } });
    const replayed = await dlq('replay', first?.id ?? '', '--reason', 'after all');
    expect(replayed).toMatchObject({ code: 1, stdout: '' });
    expect(replayed.stderr).toContain('was dropped 20');
    expect((await dlq('list', '--all')).stdout).toMatch(/dropped 20\S+: a test of the processor/);
  });

  it('has a record handled again: once, and beside the coordinator that runs', async () => {
    const [second, third] = await list();
    can.limit = 14;
    const replay = ['replay', second?.offset ?? '', '--reason', 'mended'];
    const ordered = await dlq(...replay);
    expect(ordered, ordered.stderr).toMatchObject({ code: 0 });
    await vi.waitFor(() => {
      expect(counts()).toEqual({ 2: 1, 13: 1 });
    }, 20_000);
    expect((await dlq(...replay)).stdout).toMatch(/was replayed 20.*: mended; nothing more is done/);
    expect((await dlq('replay', third?.offset ?? '', '--reason', 'mended, too')).code).toBe(0);
    await vi.waitFor(async () => {
      expect((await list()).map(({ id }) => id)).toEqual([
        expect.stringMatching(/^serai\.dead-letter\.v1\/alice-serai\/\d+\/alice\/crypto\/again\/\d+$/),
      ]);
    }, 20_000);
    expect(counts()).toEqual({ 2: 1, 13: 1 });
    for (const topic of ['control', 'dead-letter']) {
      const { code, stdout } = await runCommand('verify', topic, '--config', config);
      expect(code, stdout).toBe(0);
    }
  });

  it('takes only what it can understand', async () => {
    const unknown = await dlq('show', '999');
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toContain('there is no dead letter 999; dlq list --all shows what there is');
    expect((await dlq('drop', '0')).code).toBe(2);
    expect((await dlq('drop', '0', '--reason', ' ')).code).toBe(2);
  });
});
