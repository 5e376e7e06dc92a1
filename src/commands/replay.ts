import { ConfigError } from '../core/configError.ts';
import type { Config } from '../core/configSchema.ts';
import { openLog } from '../core/log.ts';
import { CoordinatorError } from '../domain/errors.ts';
import { blockToRecords } from '../domain/observation/blockToRecords.ts';
import type { ObservedBlock } from '../domain/observation/observedBlock.ts';
import { digestOfStatements, firstDifference, type Statement, statementOf } from '../domain/observation/statement.ts';
import { type KafkaAdmin, openKafkaAdmin } from '../drivers/kafka/openKafkaAdmin.ts';
import { openSeraiClient, type SeraiClient } from '../drivers/polkadot/openSeraiClient.ts';
import { kafkaConnection } from './kafkaConnection.ts';
import { progress } from './progress.ts';
import { readBlock, readBlocks } from './publishedBlocks.ts';
import { seraiEndpoints } from './seraiEndpoints.ts';

export interface ReplayCommand {
  /** Heights, both included. */
  readonly from: number;
  readonly to: number;
  /** Whether what the chain says is compared with what was published, instead of being printed. */
  readonly check: boolean;
  readonly json: boolean;
}

/** Blocks of the range that the node does not have as final yet. */
class NotFinal extends CoordinatorError {
  readonly code = 'config.not-final';
}

const range = ({ from, to }: ReplayCommand): string => `blocks ${String(from)} to ${String(to)}`;

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** What the chain says about each block of the range, from the state before it on. */
const replay = async (
  chain: SeraiClient,
  { observation }: Config,
  { from, to }: ReplayCommand,
  take: (height: number, statements: readonly Statement[]) => void,
): Promise<void> => {
  const head = await chain.finalizedHeight();
  if (to > head)
    throw new NotFinal(`block ${String(to)} is not final: the node's finalized head is block ${String(head)}; give a lower --to`);
  const published = new Map<string, string>();
  // The block before tells what had been published of the watched state; the first one that was ever observed has none before it.
  const start = Math.max(from - 1, observation.start_block, 0);
  const done = Promise.withResolvers<undefined>();
  const tell = progress();
  const each = (block: ObservedBlock): void => {
    const told = blockToRecords(block, published, observation.addresses_of_interest);
    for (const [key, value] of told.published) published.set(key, value);
    if (block.number >= from) take(block.number, told.records.map(statementOf));
    tell(`block ${String(block.number)} of ${String(to)}`);
    if (block.number === to) done.resolve(undefined);
  };
  const stop = chain.follow(
    { height: Math.min(start, from) },
    (block) => {
      if (block.number <= to) each(block);
      return Promise.resolve();
    },
    done.reject,
  );
  try {
    await done.promise;
  } finally {
    await stop();
  }
};

const openChain = (config: Config): Promise<SeraiClient> => {
  const { observation, general } = config;
  return openSeraiClient({
    endpoints: seraiEndpoints(config),
    log: openLog(general.log_level).child({ part: 'chain' }),
    connectDeadline: 10_000,
    withBatches: observation.addresses_of_interest.length > 0,
    ...(observation.genesis_hash === undefined ? {} : { expectedGenesis: observation.genesis_hash }),
  });
};

const printAll = (chain: SeraiClient, config: Config, command: ReplayCommand): Promise<void> =>
  replay(chain, config, command, (_height, statements) => {
    for (const { data, ...attributes } of statements)
      print(
        command.json
          ? JSON.stringify({ ...attributes, data: JSON.parse(data) as unknown })
          : `${attributes.time}  ${attributes.id}  ${data}`,
      );
  });

interface Verdict {
  readonly records: number;
  readonly first?: {
    readonly block: number;
    readonly offset: string | null;
    readonly why: string;
    readonly published: Statement | null;
    readonly expected: Statement | null;
  };
}

const compare = async (chain: SeraiClient, kafka: KafkaAdmin, config: Config, command: ReplayCommand): Promise<Verdict> => {
  const { name } = config.general;
  const published = await readBlocks(kafka, name, command);
  let records = 0;
  let parted: { readonly height: number; readonly expected: readonly Statement[] } | undefined;
  await replay(chain, config, command, (height, statements) => {
    records += statements.length;
    if (parted !== undefined || published.blocks.get(height)?.digest === digestOfStatements(statements)) return;
    parted = { height, expected: statements };
  });
  if (parted === undefined) {
    const again = published.disordered;
    if (again === undefined) return { records };
    return { records, first: { block: again, offset: null, why: 'stands twice or after a later block', published: null, expected: null } };
  }
  const { height, expected } = parted;
  const found = published.blocks.get(height);
  if (found === undefined)
    return { records, first: { block: height, offset: null, why: 'was not published', published: null, expected: null } };
  const difference = firstDifference(await readBlock(kafka, name, found), expected);
  return {
    records,
    first: {
      block: height,
      offset: String(found.offset),
      why: `differs at its record ${String((difference?.index ?? 0) + 1)}`,
      published: difference?.published ?? null,
      expected: difference?.expected ?? null,
    },
  };
};

const shown = (statement: Statement | null): string => (statement === null ? 'nothing' : JSON.stringify(statement));

const printVerdict = (verdict: Verdict, command: ReplayCommand): void => {
  const { records, first } = verdict;
  if (command.json) {
    print(JSON.stringify({ identical: first === undefined, from: command.from, to: command.to, records, first: first ?? null }));
    return;
  }
  if (first === undefined) {
    print(`identical: ${range(command)}, ${String(records)} records`);
    return;
  }
  const { block, offset, why, published, expected } = first;
  print(`different: block ${String(block)} ${why}${offset === null ? '' : `; it begins at offset ${offset}`}`);
  if (published !== null || expected !== null) print(`  published: ${shown(published)}\n  the chain: ${shown(expected)}`);
};

/** Reads a range of blocks again from a node; prints what they say, or whether that is what was published. Returns false where it is not. */
export const replayBlocks = async (config: Config, command: ReplayCommand): Promise<boolean> => {
  if (command.to < command.from)
    throw new ConfigError('config.invalid', `--to ${String(command.to)} is below --from ${String(command.from)}`);
  await using opened = new AsyncDisposableStack();
  const chain = opened.adopt(await openChain(config), (it) => it.close());
  if (!command.check) {
    await printAll(chain, config, command);
    return true;
  }
  const connection = await kafkaConnection(config, openLog(config.general.log_level));
  const kafka = opened.adopt(await openKafkaAdmin(connection), (it) => it.close());
  const verdict = await compare(chain, kafka, config, command);
  printVerdict(verdict, command);
  return verdict.first === undefined;
};
