import { readFileSync } from 'node:fs';
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configFile } from '../support/configFile.ts';
import { runCommand } from '../support/devnetProcess.ts';
import { type Broker, brokerPossible, startBroker } from '../support/kafkaBroker.ts';

interface Compose {
  readonly services: { readonly kafka: { readonly environment: Readonly<Record<string, string>> } };
}

/** Where it runs and listens is for the machine to say; heap is not the broker's. */
const OF_THE_MACHINE = /^(process\.roles|node\.id|controller\.|.*listener.*|log\.dirs|heap\.opts)/;

const { kafka } = (parse(readFileSync('deploy/docker/compose.yml', 'utf8'), { merge: true }) as Compose).services;

/** The broker's settings, as Kafka's image makes them of its environment. */
const settings = Object.entries(kafka.environment)
  .map(([name, value]) => [name.replace('KAFKA_', '').toLowerCase().replaceAll('_', '.'), value] as const)
  .filter(([name]) => !OF_THE_MACHINE.test(name));

describe.runIf(brokerPossible)('a broker with the settings of compose.yml', () => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await startBroker(settings.map(([name, value]) => `${name}=${value}`).join('\n'));
  });
  afterAll(() => broker.stop());

  it('knows all of them', async () => {
    const admin = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.BROKER, name: '1' }],
    });
    await admin.disconnect();
    const known = new Map(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]));
    expect(settings.length).toBeGreaterThan(8);
    for (const [name, value] of settings) expect([name, known.get(name)]).toEqual([name, value]);
  });

  it('lets the coordinator make its topics, and finds nothing to mend', async () => {
    const config = configFile(broker.address);
    const made = await runCommand('topics', '--create', '--config', config);
    expect(made.code, made.stderr).toBe(0);
    const { code, stdout } = await runCommand('topics', '--json', '--config', config);
    expect(code, stdout).toBe(0);
  });
});
