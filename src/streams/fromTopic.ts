/** A record as the log holds it: Kafka's record with its offset, headers as text. */
export interface StoredRecord {
  readonly offset: bigint;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Uint8Array;
}

/** The port through which topics are read: one partition, in order. */
export interface TopicFeed {
  /**
   * Calls `deliver` for each record from offset `from` on, in order, one at a time, and waits for its promise before the
   * next: back-pressure. Ends the reading when the returned function is called. `fail` is called once if reading cannot go on.
   */
  read(topic: string, from: bigint, deliver: (record: StoredRecord) => Promise<void>, fail: (error: unknown) => void): () => Promise<void>;
}
