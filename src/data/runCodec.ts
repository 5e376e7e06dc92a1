import type { Attributes, TopicRecord } from '../domain/record.ts';

interface StoredAttributes extends Omit<Attributes, 'sequence'> {
  readonly sequence: string;
  /** Of the record, not of its attributes. */
  readonly parent?: string;
}

/** A run's final bytes as an outbox row keeps them: of each record the length of its attributes (u32 little endian) and their JSON, the length of its data and that. */
export const writeRun = (run: readonly TopicRecord[]): Uint8Array => {
  const parts = run.flatMap(({ attributes, data, parent }) => [
    Buffer.from(JSON.stringify({ ...attributes, sequence: attributes.sequence.toString(), parent })),
    data,
  ]);
  const bytes = Buffer.allocUnsafe(parts.reduce((total, part) => total + 4 + part.length, 0));
  let at = 0;
  for (const part of parts) {
    at = bytes.writeUInt32LE(part.length, at);
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
};

/** Reads what `writeRun` wrote; the sealed store has authenticated it. */
export const readRun = (row: Uint8Array): TopicRecord[] => {
  const bytes = Buffer.from(row.buffer, row.byteOffset, row.length);
  const records: TopicRecord[] = [];
  let at = 0;
  const next = (): Buffer => {
    const start = at + 4;
    at = start + bytes.readUInt32LE(at);
    return bytes.subarray(start, at);
  };
  while (at < bytes.length) {
    const stored = JSON.parse(next().toString('utf8')) as StoredAttributes;
    const sequence = BigInt(stored.sequence);
    if (stored.parent === undefined) records.push({ attributes: { ...stored, sequence }, data: next() });
    else {
      const { parent, ...attributes } = stored;
      records.push({ attributes: { ...attributes, sequence }, data: next(), parent });
    }
  }
  return records;
};
