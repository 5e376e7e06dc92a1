import type { Config } from '../core/configSchema.ts';
import { openLog } from '../core/log.ts';
import { openKafkaAdmin } from '../drivers/kafka/openKafkaAdmin.ts';
import type { StoredRecord } from '../streams/fromTopic.ts';
import { kafkaConnection } from './kafkaConnection.ts';
import { recordJson, recordLine } from './recordLine.ts';
import { topicArgument } from './topicArgument.ts';

export interface TailCommand {
  /** Offset to begin at, instead of the last lines. */
  readonly from?: bigint;
  /** Records shown of what is there already. */
  readonly lines: number;
  /** Whether to go on with what comes. */
  readonly follow: boolean;
  readonly json: boolean;
}

/** Offsets looked back for each line wanted: marks of transactions take offsets too. */
const OFFSETS_PER_LINE = 4n;

/** Prints the records of a topic as lines, the last ones first, then what comes until it is interrupted. */
export const tailTopic = async (config: Config, asked: string, { from, lines, follow, json }: TailCommand): Promise<void> => {
  const topic = topicArgument(config, asked);
  await using opened = new AsyncDisposableStack();
  const connection = await kafkaConnection(config, openLog(config.general.log_level));
  const kafka = opened.adopt(await openKafkaAdmin(connection), (it) => it.close());
  const print = (record: StoredRecord): void => {
    process.stdout.write(`${json ? recordJson(record) : recordLine(record)}\n`);
  };
  const { low, end } = await kafka.bounds(topic);
  const back = end - BigInt(lines) * OFFSETS_PER_LINE;
  const start = from ?? (back > low ? back : low);
  let last: StoredRecord[] = [];
  await kafka.readTo({
    topic,
    from: start,
    end,
    take: (record) => {
      if (from !== undefined) print(record);
      else last = [...last, record].slice(-lines);
    },
  });
  if (lines > 0) for (const record of last) print(record);
  if (!follow) return;
  const ended = Promise.withResolvers<undefined>();
  const interrupted = (): void => {
    ended.resolve(undefined);
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  const stop = kafka.feed.read(
    topic,
    start > end ? start : end,
    (record) => {
      print(record);
      return Promise.resolve();
    },
    ended.reject,
  );
  opened.defer(stop);
  await ended.promise;
};
