import type { TopicRecord } from '../record.ts';
import { RecordError } from './recordError.ts';
import { verifySignatureAside } from './signRecord.ts';

/**
 * Checks whose a run is: all its records name one source, which is pinned, and the last one carries that source's signature
 * (design §5). Resolves to the run; rejects with RecordError `record.unknown-source` or `record.forged`.
 */
export const proveRun = async <R extends TopicRecord>(
  topic: string,
  pins: Readonly<Record<string, Uint8Array>>,
  run: readonly R[],
): Promise<readonly R[]> => {
  const last = run.at(-1);
  if (last === undefined) return run;
  const { source, id } = last.attributes;
  const at = `record ${id} of ${source} on ${topic}`;
  const publicKey = pins[source];
  if (publicKey === undefined)
    throw new RecordError(
      'record.unknown-source',
      `${at}: no public key is pinned for this source; pin it under [keys.pins], or find out who writes here`,
    );
  const foreign = run.find(({ attributes }) => attributes.source !== source);
  if (foreign !== undefined) throw new RecordError('record.forged', `${at}: its run holds a record of ${foreign.attributes.source}`);
  if (!(await verifySignatureAside(topic, last, publicKey)))
    throw new RecordError('record.forged', `${at}: the signature is not that source's`);
  return run;
};
