import type { Hex } from '../domain/hex.ts';
import { digestOfStatements, heightOf, type Statement, statementIn } from '../domain/observation/statement.ts';
import { sourcesOf, topicsOf } from '../domain/topics.ts';
import type { KafkaAdmin } from '../drivers/kafka/openKafkaAdmin.ts';
import { progress } from './progress.ts';

/** What a topic holds of a block. */
export interface PublishedBlock {
  /** Of its first record. */
  readonly offset: bigint;
  /** Behind its last record. */
  readonly end: bigint;
  readonly digest: Hex;
}

/** What a topic holds of a range of blocks. */
export interface PublishedBlocks {
  readonly blocks: ReadonlyMap<number, PublishedBlock>;
  /** The first block that stands twice, or after a later one, if any. */
  readonly disordered: number | undefined;
}

/** Reads what a deployment published of a range of blocks, the whole of its topic through: about 200 bytes are kept of each. */
export const readBlocks = async (
  kafka: KafkaAdmin,
  name: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<PublishedBlocks> => {
  const source = sourcesOf(name).observation;
  const topic = topicsOf(name).chain;
  const { low, end } = await kafka.bounds(topic);
  const blocks = new Map<number, PublishedBlock>();
  const tell = progress();
  let disordered: number | undefined;
  let last = -1;
  let open: { readonly height: number; readonly offset: bigint; end: bigint; readonly statements: Statement[] } | undefined;
  const close = (): void => {
    if (open === undefined) return;
    const { height, statements, ...stretch } = open;
    if (height <= last) disordered ??= height;
    last = height;
    if (!blocks.has(height)) blocks.set(height, { ...stretch, digest: digestOfStatements(statements) });
  };
  await kafka.readTo({
    topic,
    from: low,
    end,
    take: (record) => {
      tell(`${topic}: at offset ${String(record.offset)} of ${String(end)}`);
      const statement = statementIn(record);
      const height = heightOf(statement);
      if (height === undefined || height < from || height > to || record.headers['ce_source'] !== source) return;
      if (open?.height !== height) {
        close();
        open = { height, offset: record.offset, end: record.offset, statements: [] };
      }
      open.statements.push(statement);
      open.end = record.offset + 1n;
    },
  });
  close();
  return { blocks, disordered };
};

/** Reads one of those blocks again, record by record. */
export const readBlock = async (kafka: KafkaAdmin, name: string, { offset, end }: PublishedBlock): Promise<readonly Statement[]> => {
  const statements: Statement[] = [];
  const source = sourcesOf(name).observation;
  const take = (record: Parameters<typeof statementIn>[0]): void => {
    if (record.headers['ce_source'] === source) statements.push(statementIn(record));
  };
  await kafka.readTo({ topic: topicsOf(name).chain, from: offset, end, take });
  return statements;
};
