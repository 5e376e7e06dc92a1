import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { ConfigError } from '../core/configError.ts';
import type { Config } from '../core/configSchema.ts';
import { openLog } from '../core/log.ts';
import { beginProof, proveNext, reportOf, type SourceReport, type TopicFault } from '../domain/record/verifyTopic.ts';
import { openKafkaAdmin } from '../drivers/kafka/openKafkaAdmin.ts';
import { columns } from './columns.ts';
import { knownPins } from './deploymentKeys.ts';
import { kafkaConnection } from './kafkaConnection.ts';
import { type ReadReport, readTopic } from './readTopic.ts';
import { topicArgument } from './topicArgument.ts';

export interface VerifyCommand {
  readonly from?: bigint;
  readonly json: boolean;
}

/** Whether a report holds nothing but what its sources wrote. */
export const isProven = ({ faults }: ReadReport): boolean => faults.length === 0;

/** A fault in a line. */
export const faultLine = ({ offset, source, code, reason }: TopicFault): string =>
  `offset ${String(offset)}: ${code}: ${source ?? 'a record without a source'}: ${reason}`;

const verdictOf = ({ key, proven, unsigned }: SourceReport): string => {
  if (key === undefined) return 'unknown';
  if (!proven) return 'broken';
  return unsigned === 0 ? 'proven' : `proven; ${String(unsigned)} not yet signed`;
};

const printText = (report: ReadReport): void => {
  const { topic, records, from, end, sources, faults } = report;
  const rows = sources.map((source) => [
    source.source,
    String(source.records),
    String(source.first),
    String(source.last.sequence),
    source.last.digest,
    source.key ?? '-',
    verdictOf(source),
  ]);
  process.stdout.write(`${topic}: ${String(records)} records, offsets ${String(from)} to ${String(end)}\n`);
  if (rows.length > 0)
    process.stdout.write(columns([['source', 'records', 'first', 'last', 'last digest', 'signing key', 'verdict'], ...rows]));
  for (const [index, fault] of faults.entries()) process.stdout.write(`${index === 0 ? 'first fault' : 'also'}: ${faultLine(fault)}\n`);
};

const printJson = (report: ReadReport): void => {
  const { topic, records, malformed, from, end, sources, faults } = report;
  const answer = {
    topic,
    proven: isProven(report),
    from: String(from),
    end: String(end),
    records,
    malformed,
    sources: sources.map(({ first, last, key, ...rest }) => ({
      ...rest,
      first: String(first),
      last: String(last.sequence),
      digest: last.digest,
      key: key ?? null,
    })),
    faults: faults.map(({ offset, source, ...rest }) => ({ offset: String(offset), source: source ?? null, ...rest })),
  };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
};

/** Proves a topic from its records alone: no gap, duplicate, reorder, edit or forgery; returns whether that holds. */
export const verifyTopic = async (config: Config, asked: string, { from, json }: VerifyCommand): Promise<boolean> => {
  const tell = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const topic = topicArgument(config, asked);
  const pins = await knownPins(config, tell);
  await using opened = new AsyncDisposableStack();
  const kafka = opened.adopt(await openKafkaAdmin(await kafkaConnection(config, openLog(config.general.log_level))), ({ close }) =>
    close(),
  );
  const report = await readTopic(kafka, { topic, pins: pins(topic), ...(from === undefined ? {} : { from }) });
  (json ? printJson : printText)(report);
  return isProven(report);
};

const exported = z.strictObject({
  topic: z.string(),
  offset: z.string().regex(/^\d+$/),
  headers: z.record(z.string(), z.string()),
  value: z.base64(),
});

/** Proves a log that `audit export` wrote, from the file alone; returns whether it holds nothing but what its sources wrote. */
export const verifyExport = async (config: Config, file: string, { json }: { readonly json: boolean }): Promise<boolean> => {
  const topic = topicArgument(config, 'control');
  const pins = await knownPins(config, (line) => {
    process.stderr.write(`${line}\n`);
  });
  let proof = beginProof(topic, pins(topic), false);
  let end = 0n;
  for await (const line of createInterface(createReadStream(file))) {
    const { offset, headers, value } = readExported(file, line);
    proof = proveNext(proof, { offset: BigInt(offset), headers, value: new Uint8Array(Buffer.from(value, 'base64')) });
    end = BigInt(offset) + 1n;
  }
  const report = { ...reportOf(proof), from: 0n, end };
  (json ? printJson : printText)(report);
  return isProven(report);
};

const readExported = (file: string, line: string): z.infer<typeof exported> => {
  try {
    return exported.parse(JSON.parse(line));
  } catch (cause) {
    throw new ConfigError('config.invalid', `${file} holds a line that audit export did not write`, { cause });
  }
};
