import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeAddress } from '@polkadot/util-crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deriver, signingSecretsOf } from '../../src/commands/deploymentKeys.ts';
import { RecordWriter } from '../../src/data/recordWriter.ts';
import { fromHex } from '../../src/domain/hex.ts';
import { drawOrder } from '../../src/domain/party/drawOrder.ts';
import type { SignId } from '../../src/domain/processor/ids.ts';
import { signIdName } from '../../src/domain/processor/ids.ts';
import type { Json } from '../../src/domain/tables.ts';
import { openKafka } from '../../src/drivers/kafka/openKafka.ts';
import { configFile, MASTER } from '../support/configFile.ts';
import { runCommand } from '../support/devnetProcess.ts';
import { type Broker, brokerPossible, startBroker } from '../support/kafkaBroker.ts';
import { type Reported, SigningNetwork } from '../support/signingNetwork.ts';

const log = { debug: () => undefined, warn: () => undefined };
const secrets = signingSecretsOf(deriver(MASTER, 'alice'));
const ZERO = `0x${'00'.repeat(32)}`;
const SET = { network: 'Bitcoin', session: 0 };

/** Four members with real keys: the first is away, the second speaks with two tongues. */
const played = (): SigningNetwork => {
  const accounts = ['Alice', 'Bob', 'Charlie', 'Dave'];
  const network = new SigningNetwork({ seed: 3, weights: [1, 1, 1, 1], accounts, faults: { 0: 'away' } });
  for (const id of ['0', '1', '2', '3']) network.sign(id);
  network.until(() => ['0', '1', '2', '3'].every((id) => network.signedBy(id) === 3), 400);
  const word = (preprocess: `0x${string}`) =>
    network.signed(1, 2, {
      kind: 'sign.preprocesses',
      body: { id: { ...SET_ID, attempt: 0 }, digest: `0x${'11'.repeat(32)}`, preprocesses: { '2': preprocess } },
    });
  network.sign('9', network.height);
  network.say(2, word('0x01'));
  network.say(2, word('0x02'));
  network.until(() => network.reported('serai.report.evidence.v1').length > 0, 500);
  return network;
};

const SET_ID = { set: { network: 'Bitcoin', session: 0 }, kind: 'batch', id: '9' } as const;

describe.runIf(brokerPossible)('parties and evidence, from the records on a real broker', () => {
  let broker: Broker;
  let config: string;
  let network: SigningNetwork;
  let parties: SignId[];
  beforeAll(async () => {
    broker = await startBroker();
    config = configFile(broker.address);
    await runCommand('topics', '--config', config, '--create');
    network = played();
    const bus = await openKafka({ brokers: [broker.address], clientId: 'explain', transactionalId: 'explain', log });
    const write = async (
      source: string,
      signingSecret: Uint8Array,
      topic: string,
      told: readonly { type: string; id: string; data: Json }[],
    ) => {
      const keys = { epoch: 1, secret: MASTER };
      const writer = new RecordWriter(
        { source, signingSecret, keys, counterpart: () => 'open', random: (length) => new Uint8Array(length) },
        [],
      );
      for (const run of writer.write(
        topic,
        told.map((one) => ({ ...one, topic, time: new Date(0).toISOString() })),
      ))
        await bus.append(topic, run);
    };
    const place = { block: network.block(0), event: { index: 0, extrinsic: null } };
    const participants = network.members.map(({ key }) => ({ publicKey: key, address: encodeAddress(fromHex(key)), weight: 1 }));
    await write('/alice/observation', secrets.observation, 'alice-chain', [
      { type: 'serai.validator-sets.participants.v1', id: 'a', data: { block: place.block, set: SET, participants } as unknown as Json },
      {
        type: 'serai.validator-sets.key-gen.v1',
        id: 'b',
        data: { ...place, set: SET, keyPair: { substrate: network.groupKey, network: '0x' } } as unknown as Json,
      },
      ...Array.from({ length: network.height + 1 }, (_, number) => ({
        type: 'serai.chain.block.v1',
        id: `block/${String(number)}`,
        data: { ...network.block(number), parentHash: ZERO, stateRoot: ZERO, extrinsicsRoot: ZERO, time: number },
      })),
    ]);
    const charlie = network.members[2]?.key;
    const own = (told: Reported) => told.by === charlie;
    await write('/alice/crypto', secrets.crypto, 'alice-reports', network.reports.filter(own));
    parties = network
      .reported('serai.report.party.v1')
      .filter(own)
      .map(({ data }) => (data as unknown as { id: SignId }).id);
    await bus.close();
  });
  afterAll(async () => {
    await broker.stop();
  });

  const explain = (...args: readonly string[]) => runCommand('party', 'explain', ...args);

  it('derives a pure party again', async () => {
    const id: SignId = { ...SET_ID, id: '0', attempt: 0 };
    const { code, stdout, stderr } = await explain('--sign-id', signIdName(id), '--config', config, '--json');
    expect(code, stderr).toBe(0);
    const order = drawOrder(4, id, network.block(0).hash);
    expect(JSON.parse(stdout)).toMatchObject({ rule: 'pure', window: 0, anchor: 0, n: 4, t: 3, party: order.slice(0, 3).sort() });
    const { stdout: text } = await explain('--sign-id', signIdName(id), '--config', config);
    expect(text).toContain('out');
    expect(text).toContain('drawn after the party of 3 was full');
  });

  it('shows who convened, and its file proves the party to others, offline', async () => {
    const [id] = parties;
    if (id === undefined) throw new Error('nothing was convened');
    const { code, stdout, stderr } = await explain('--sign-id', signIdName(id), '--config', config, '--json');
    expect(code, stderr).toBe(0);
    const explained = JSON.parse(stdout) as { rule: string; party: number[]; proposal: { from: string; body: { party: number[] } } };
    expect(explained).toMatchObject({ rule: 'convened', party: [2, 3, 4] });
    const file = join(mkdtempSync(join(tmpdir(), 'party-')), 'party.json');
    writeFileSync(file, stdout);
    const offline = await explain('--evidence', file, '--json');
    expect(offline.code, offline.stderr).toBe(0);
    expect(JSON.parse(offline.stdout)).toEqual(explained);
    writeFileSync(
      file,
      JSON.stringify({ ...explained, proposal: { ...explained.proposal, body: { ...explained.proposal.body, party: [1, 2, 3] } } }),
    );
    const changed = await explain('--evidence', file);
    expect(changed.code).toBe(1);
    expect(changed.stderr).toContain('not signed by the convener');
  });

  it('says what it lacks', async () => {
    expect((await explain()).code).toBe(2);
    const beyond = await explain('--sign-id', 'Bitcoin/0/batch/0/64000', '--config', config);
    expect([beyond.code, beyond.stderr]).toEqual([1, expect.stringContaining('which seeds this attempt')]);
    const plan = await explain('--sign-id', `Bitcoin/0/plan/${ZERO}/0`, '--config', config);
    expect([plan.code, plan.stderr]).toEqual([1, expect.stringContaining('--anchor')]);
    const other = await explain('--sign-id', 'Bitcoin/7/batch/0/0', '--config', config);
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('does not tell who the validators')]);
  });

  it('lists evidence, exports it, and has it checked by someone else', async () => {
    const { stdout } = await runCommand('evidence', 'list', '--config', config, '--json');
    const { evidence } = JSON.parse(stdout) as { evidence: { offset: string; code: string; verdict: string; against: string[] }[] };
    const conflict = evidence.find(({ verdict }) => verdict === 'proven');
    expect(conflict).toMatchObject({ code: 'sign.conflict', against: [network.members[1]?.key] });
    const exported = await runCommand('evidence', 'export', conflict?.offset ?? '', '--config', config);
    const file = join(mkdtempSync(join(tmpdir(), 'evidence-')), 'evidence.json');
    writeFileSync(file, exported.stdout);
    const checked = await runCommand('evidence', 'check', file, '--json');
    expect([checked.code, JSON.parse(checked.stdout)]).toEqual([0, expect.objectContaining({ verdict: 'proven' })]);
    writeFileSync(file, exported.stdout.replaceAll('"0x02"', '"0x03"'));
    expect((await runCommand('evidence', 'check', file)).code).toBe(1);
    expect((await runCommand('evidence', 'export', '99999', '--config', config)).stderr).toContain('evidence list');
    expect((await runCommand('evidence', 'check', '/nowhere')).code).not.toBe(0);
  });
});
