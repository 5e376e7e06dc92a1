import { utf8ToBytes } from '@noble/hashes/utils.js';
import { fromHex, type Hex, toHex } from '../domain/hex.ts';
import type { Attributes, TopicRecord } from '../domain/record.ts';

interface StoredAttributes extends Omit<Attributes, 'sequence'> {
  readonly sequence: string;
}

/** A run's final bytes as an outbox row keeps them: JSON, data in hex. */
export const writeRun = (run: readonly TopicRecord[]): Uint8Array =>
  utf8ToBytes(
    JSON.stringify(
      run.map(({ attributes, data }) => ({ attributes: { ...attributes, sequence: attributes.sequence.toString() }, data: toHex(data) })),
    ),
  );

/** Reads what `writeRun` wrote; the sealed store has authenticated it. */
export const readRun = (bytes: Uint8Array): TopicRecord[] =>
  (JSON.parse(new TextDecoder().decode(bytes)) as { attributes: StoredAttributes; data: Hex }[]).map(({ attributes, data }) => ({
    attributes: { ...attributes, sequence: BigInt(attributes.sequence) },
    data: fromHex(data),
  }));
