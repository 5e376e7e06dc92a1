import type { TopicRecord } from '../record.ts';
import { fromHeaders } from './cloudEvents.ts';
import { followRun, type Seen, unseen } from './followRun.ts';
import { RecordError } from './recordError.ts';
import { verifySignature } from './signRecord.ts';
import type { HeldRecord } from './verifyTopic.ts';

interface Placed extends TopicRecord {
  readonly held: HeldRecord;
}

/**
 * Lets through what modules would act on of a topic that is read record by record: runs that end with their source's signature and go on
 * where it ended. What is forged, foreign or malformed is left out, what is told again comes once, and a source is not followed past a gap.
 */
export class ProvenRecords {
  readonly #topic: string;
  readonly #pins: Readonly<Record<string, Uint8Array>>;
  #seen: Seen = {};
  #run: Placed[] = [];
  readonly #lost = new Set<string>();

  constructor(topic: string, pins: Readonly<Record<string, Uint8Array>>) {
    this.#topic = topic;
    this.#pins = pins;
  }

  /** Takes the next record of the topic; returns those that are proven with it, in their order. */
  take(held: HeldRecord): readonly HeldRecord[] {
    const record = this.#placed(held);
    if (record === undefined) return [];
    const { source, signature } = record.attributes;
    if (this.#run.at(-1)?.attributes.source !== source) this.#run = [];
    this.#run.push(record);
    if (signature === undefined) return [];
    const run = this.#run.splice(0);
    const publicKey = this.#pins[source];
    if (publicKey === undefined || this.#lost.has(source) || !verifySignature(this.#topic, record, publicKey)) return [];
    return this.#follow(source, run);
  }

  #placed(held: HeldRecord): Placed | undefined {
    try {
      return { attributes: fromHeaders(held.headers), data: held.value, held };
    } catch (error) {
      if (error instanceof RecordError) return undefined;
      throw error;
    }
  }

  #follow(source: string, run: readonly Placed[]): readonly HeldRecord[] {
    const before = this.#seen;
    try {
      this.#seen = followRun(this.#topic, before, run);
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      this.#lost.add(source);
      return [];
    }
    return unseen(before, run).map(({ held }) => held);
  }
}
