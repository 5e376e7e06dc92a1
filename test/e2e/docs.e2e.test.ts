import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSeraiNode, type SeraiNode } from '../../src/devnet/node/seraiNode.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { configFile } from '../support/configFile.ts';
import { runCommand, startCommand } from '../support/devnetProcess.ts';
import { documentedCommands, wordsOf } from '../support/documentedCommands.ts';
import { NOT_RUN, RUN_BY } from '../support/documentedElsewhere.ts';
import { freePort } from '../support/freePort.ts';
import { type Broker, brokerPossible, startBroker } from '../support/kafkaBroker.ts';

const COORDINATOR = 'npm run -s coordinator -- ';
const documented = documentedCommands();

/** The longest beginning of the line that stands in a table. */
const beginningOf = (line: string, table: Readonly<Record<string, unknown>>): string | undefined =>
  Object.keys(table)
    .filter((begins) => line === begins || line.startsWith(`${begins} `) || line.startsWith(`${begins}=`))
    .sort((a, b) => b.length - a.length)[0];

const elsewhere = { ...RUN_BY, ...NOT_RUN };
const runHere = documented.filter(({ line }) => beginningOf(line, elsewhere) === undefined);

describe('a command in the documentation', () => {
  it.each(Object.entries(RUN_BY))('%s… is run by a test', (begins, { test, words }) => {
    const source = readFileSync(test, 'utf8');
    for (const word of words) expect(source, `${test} calls it by ${word}`).toContain(word);
    expect(
      documented.some(({ line }) => beginningOf(line, elsewhere) === begins),
      'it is in the documentation',
    ).toBe(true);
  });

  it.each(Object.entries(NOT_RUN))('%s… has a reason not to be run', (begins, why) => {
    for (const [file] of why.matchAll(/test\/\S+\.ts/g)) expect(existsSync(file), file).toBe(true);
    expect(
      documented.some(({ line }) => beginningOf(line, elsewhere) === begins),
      'it is in the documentation',
    ).toBe(true);
  });
});

/** The rest is run as it stands, beside a coordinator that runs on a real broker and a simulated node. */
describe.runIf(brokerPossible)('each other command in the documentation', () => {
  const BLOCKS = 24;
  let broker: Broker;
  let node: SeraiNode;
  let config: string;
  let page: string;
  let running: ReturnType<typeof startCommand>;
  /** Offsets of dead letters, one for every act on one. */
  let letters: string[];
  let blocks: NodeJS.Timeout;
  let made = 0;

  const listLetters = async (): Promise<string[]> => {
    const { stdout } = await runCommand('dlq', 'list', '--json', '--config', config);
    return stdout === '' ? [] : (JSON.parse(stdout) as { letters: { offset: string }[] }).letters.map(({ offset }) => offset);
  };

  beforeAll(async () => {
    broker = await startBroker();
    // A chain of some minutes that goes on.
    let clock = Date.now() - BLOCKS * 6_000;
    node = await openSeraiNode({
      store: openMemoryStore(),
      port: 0,
      blockTime: 0,
      now: () => (clock = Math.min(clock + 6_000, Date.now())),
    });
    for (let block = 0; block < BLOCKS; block += 1) await node.produceBlock();
    blocks = setInterval(() => void node.produceBlock(), 3_000);
    const port = await freePort();
    page = `http://127.0.0.1:${String(port)}`;
    config = configFile(broker.address, `[http]\nport = ${String(port)}`, new URL(node.url).port);
    writeFileSync(`${dirname(config)}/metadata.hex`, await metadata());
    running = startCommand('run', '--config', config);
    for (let tries = 0, height = -1; height < BLOCKS - 2; tries += 1) {
      expect(tries, 'it observes the chain within a minute').toBeLessThan(60);
      await sleep(1_000);
      const answer = await fetch(`${page}/status`).catch(() => undefined);
      const told = (await answer?.json()) as { chain?: { finalized?: { number: number } } } | undefined;
      height = told?.chain?.finalized?.number ?? -1;
    }
    // Three records that nobody of the deployment wrote: three dead letters.
    const producer = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    await producer.send({ topic: 'alice-inbound', messages: ['a', 'b', 'c'].map((value) => ({ value })) });
    await producer.disconnect();
    for (letters = []; letters.length < 3; letters = await listLetters()) await sleep(500);
  }, 150_000);
  afterAll(async () => {
    clearInterval(blocks);
    running.process.kill('SIGTERM');
    const { code, stderr } = await running.ended;
    await node.close();
    await broker.stop();
    expect(code, stderr).toBe(0);
  });

  const metadata = async (): Promise<string> => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'state_getMetadata', params: [] });
    const answer = await fetch(node.url.replace('ws', 'http'), { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    return ((await answer.json()) as { result: string }).result;
  };

  /** The documentation's files, dead letters and paths, as they are here. */
  const here = (words: readonly string[]): string[] => {
    const isOfLetter = words[0] === 'dlq';
    return words.map((word, index) => {
      if (words[index - 1] === '--config') return config;
      if (word === 'config/mine.toml') return `${dirname(config)}/mine-${String((made += 1))}.toml`;
      if (word === 'metadata.hex') return `${dirname(config)}/${word}`;
      return isOfLetter && /^\d+$/.test(word) ? (letters.shift() ?? word) : word;
    });
  };

  it.each(runHere)('$line ($file)', async ({ line }) => {
    if (line.startsWith('curl -s localhost:9616')) {
      const [, path = ''] = /9616(\/\S*)/.exec(line) ?? [];
      expect((await fetch(page + path)).status).toBe(200);
      return;
    }
    expect(line, 'it is one of the coordinator, or has an entry in test/support/documentedElsewhere.ts').toMatch(
      new RegExp(`^${COORDINATOR}`),
    );
    const { code, stdout, stderr } = await runCommand(...here(wordsOf(line.slice(COORDINATOR.length))));
    expect(code, stdout + stderr).toBe(0);
  });
});
