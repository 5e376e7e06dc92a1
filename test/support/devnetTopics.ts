import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deriveKey } from '../../src/devnet/deriveKeys.ts';
import { fromHex } from '../../src/domain/hex.ts';
import type { ExternalNetworkName } from '../../src/domain/processor/ids.ts';
import { publicKeyOf } from '../../src/domain/record/signRecord.ts';
import { beginProof, type HeldRecord, proveNext, reportOf, type TopicReport } from '../../src/domain/record/verifyTopic.ts';
import { allTopics, keysOn, sourcesOf, topicsOf, writersOf } from '../../src/domain/topics.ts';
import { type EmbeddedLog, openEmbeddedLog } from '../../src/drivers/embeddedLog/embeddedLog.ts';
import { openRocksdbStore } from '../../src/drivers/rocksdb/rocksdbStore.ts';

/** A topic as it stands on disk, proven as `verify` proves it. */
export interface ProvenTopic {
  readonly records: readonly HeldRecord[];
  readonly report: TopicReport;
}

const recordsOf = async (log: EmbeddedLog, topic: string): Promise<HeldRecord[]> => {
  const end = await log.end(topic);
  const records: HeldRecord[] = [];
  await new Promise<void>((resolve, reject) => {
    if (end === 0n) resolve();
    const stop = log.read(
      topic,
      0n,
      (record) => {
        records.push(record);
        if (BigInt(records.length) === end) {
          void stop();
          resolve();
        }
        return Promise.resolve();
      },
      reject,
    );
  });
  return records;
};

/** Every topic of a devnet's validator, in a folder that no process has open. */
export const provenTopics = async (
  dir: string,
  name: string,
  networks: readonly ExternalNetworkName[],
): Promise<Map<string, ProvenTopic>> => {
  const root = fromHex(readFileSync(join(dir, 'root.key'), 'utf8').trim());
  const keyOf = (what: string): Uint8Array => publicKeyOf(deriveKey(root, `${name}/${what}`));
  const sources = sourcesOf(name);
  const pins = {
    [sources.observation]: keyOf('observation'),
    [sources.crypto]: keyOf('crypto'),
    [sources.connection]: keyOf('connection'),
    [sources.integrity]: keyOf('integrity'),
    [sources.operator]: keyOf('operator'),
    ...Object.fromEntries(networks.map((network) => [sources.processor(network), keyOf(`processor/${network}`)])),
  };
  const log = await openEmbeddedLog(await openRocksdbStore(join(dir, name, 'log')));
  const topics = new Map<string, ProvenTopic>();
  for (const topic of allTopics(topicsOf(name), networks)) {
    const records = await recordsOf(log, topic);
    topics.set(topic, {
      records,
      report: reportOf(records.reduce(proveNext, beginProof(topic, keysOn(topic, writersOf(name, networks), pins), false))),
    });
  }
  await log.close();
  return topics;
};
