import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Kafka, logLevel } from 'kafkajs';
import { expect, it } from 'vitest';
import { freePort } from '../support/freePort.ts';
import { brokerPossible } from '../support/kafkaBroker.ts';

it.runIf(brokerPossible)('npm run kafka starts a broker where it is told to, and ends with it', async () => {
  const port = String(await freePort());
  const started = spawn(process.execPath, ['scripts/kafka.ts', '--port', port], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(started, 'exit');
  for await (const line of createInterface({ input: started.stdout })) if (line.includes('Ctrl-C')) break;
  const admin = new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  expect(await admin.listTopics()).toEqual([]);
  await admin.disconnect();
  started.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});
