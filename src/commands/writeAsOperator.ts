import { randomBytes } from 'node:crypto';
import type { Config } from '../core/configSchema.ts';
import { openLog } from '../core/log.ts';
import { RecordWriter } from '../data/recordWriter.ts';
import type { Message } from '../domain/tables.ts';
import { sourcesOf } from '../domain/topics.ts';
import { openKafka } from '../drivers/kafka/openKafka.ts';
import { deriver, readMasterKey, signingSecretsOf } from './deploymentKeys.ts';
import { kafkaConnection } from './kafkaConnection.ts';

/** The operator keeps no store, so there is one epoch; nothing the operator writes is sealed. */
const EPOCH = 1;

/** Writes a record of the operator to a topic, behind those that are there; a running coordinator is not disturbed. */
export const writeAsOperator = (config: Config, message: Message): Promise<void> => writeAllAsOperator(config, message.topic, [message]);

/** Writes records of the operator to a topic; all of them, or none. */
export const writeAllAsOperator = async (config: Config, topic: string, messages: readonly Message[]): Promise<void> => {
  const { name, log_level } = config.general;
  const { operator: signingSecret } = signingSecretsOf(deriver(await readMasterKey(config.keys), name));
  const source = sourcesOf(name).operator;
  await using opened = new AsyncDisposableStack();
  const connection = await kafkaConnection(config, openLog(log_level));
  // Of two commands at once the later one fences the earlier one, so none takes the other's number.
  const bus = opened.adopt(await openKafka({ ...connection, transactionalId: `${name}-operator` }), (it) => it.close());
  const tail = await bus.tail(topic, source);
  const random = (length: number): Uint8Array => randomBytes(length);
  const options = { source, signingSecret, keys: { epoch: EPOCH, secret: random(32) }, counterpart: () => 'open' as const, random };
  const writer = new RecordWriter(options, tail === undefined ? [] : [[topic, tail]]);
  for (const run of writer.write(topic, messages)) await bus.append(topic, run);
};
