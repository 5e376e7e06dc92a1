/** What is told of a block: type of the record, what it is about, and its data apart from where it comes from. */
export interface Told {
  readonly type: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}
