import { toHex } from '../hex.ts';
import type { TopicRecord } from '../record.ts';
import { recordDigest } from './recordDigest.ts';
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
      `${at}: no public key of this source is known for this topic; pin it under [keys.pins] if it may write here, or find out who does`,
    );
  const foreign = run.find(({ attributes }) => attributes.source !== source);
  if (foreign !== undefined) throw new RecordError('record.forged', `${at}: its run holds a record of ${foreign.attributes.source}`);
  if (!(await verifySignatureAside(topic, last, publicKey)))
    throw new RecordError('record.forged', `${at}: the signature is not that source's`);
  return run;
};

/** Whether each record names the one before it, of the same source. */
const isChained = (topic: string, records: readonly TopicRecord[]): boolean =>
  records.every(({ attributes }, index) => {
    const before = records[index - 1];
    return (
      before === undefined ||
      (attributes.source === before.attributes.source &&
        attributes.sequence === before.attributes.sequence + 1n &&
        attributes.previoushash === toHex(recordDigest(topic, before)))
    );
  });

const outcome = async <R>(proving: Promise<R>): Promise<Proven<R>> => {
  try {
    return { ok: true, value: await proving };
  } catch (cause) {
    if (cause instanceof RecordError) return { ok: false, cause };
    throw cause;
  }
};

/** A run that is proven, or why it is not. */
export type Proven<R> = { readonly ok: true; readonly value: R } | { readonly ok: false; readonly cause: unknown };

/**
 * Proves runs that wait together: where they are one chain, the signature at its end proves them all, for it is over a digest that
 * holds those of all before it (design §5); where that fails, each is proven for itself.
 */
export const proveRuns = async <R extends TopicRecord>(
  topic: string,
  pins: Readonly<Record<string, Uint8Array>>,
  runs: readonly (readonly R[])[],
): Promise<readonly Proven<readonly R[]>[]> => {
  const whole = runs.flat();
  if (runs.length > 1 && isChained(topic, whole)) {
    const proven = await outcome(proveRun(topic, pins, whole));
    if (proven.ok) return runs.map((value) => ({ ok: true, value }));
  }
  return Promise.all(runs.map((run) => outcome(proveRun(topic, pins, run))));
};
