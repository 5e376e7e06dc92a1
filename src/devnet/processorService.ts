import { setTimeout as sleep } from 'node:timers/promises';
import { Observable, take, takeUntil } from 'rxjs';
import type { Step } from '../data/ledger.ts';
import type { Opening, PlacedRecord } from '../data/topicStep.ts';
import { keyGenName } from '../domain/crypto/keyGen.ts';
import { type ExternalNetworkName, signIdName } from '../domain/processor/ids.ts';
import { command, type ExternalObservation, type Reply } from '../domain/processor/messages.ts';
import { type Draft, table } from '../domain/tables.ts';
import type { Topics } from '../domain/topics.ts';
import { type Module, type ModuleDeps, openModule, type Route } from '../modules/module.ts';
import type { ExternalBlock } from './processor/externalBlock.ts';
import type { ExternalChain } from './processor/externalChain.ts';
import type { Processor } from './processor/processor.ts';

export interface ProcessorServiceDeps extends ModuleDeps {
  readonly network: ExternalNetworkName;
  readonly topics: Topics;
  /** The reader of our replies. */
  readonly crypto: string;
  readonly processor: Processor;
  readonly chain: ExternalChain;
  /** What it tells instead of what it saw. */
  readonly bend?: (observation: ExternalObservation) => ExternalObservation;
  /** Seconds by which it sees each external block late, as it is now. */
  readonly lag?: () => number;
}

/** The last Serai block that was told of. */
const blockTold = table<number>('blockTold');

/** What the coordinator has yet to hear of: that our store was rolled back. */
const owed = table<{ readonly epoch: number; readonly reason: string }>('owed');

/** What a reply is about, in words: with its type, its id. */
const intentOf = ({ type, data }: Reply): string => {
  if (type === 'serai.epoch.opened.v1' || type === 'serai.epoch.rolled-back.v1') return String(data.epoch);
  if (type === 'serai.epoch.seen.v1') return `${String(data.of.epoch)}/${data.of.instance}`;
  if (type === 'serai.substrate.block-ack.v1') return String(data.block.number);
  if ('participant' in data) return `${keyGenName(data.id)}/${String(data.participant)}`;
  return 'kind' in data.id ? signIdName(data.id) : keyGenName(data.id);
};

const observationIntent = ({ data }: ExternalObservation): string => {
  if ('plan' in data) return data.plan;
  return `${data.network}/${String('id' in data ? data.id : data.height)}`;
};

const EPOCH_START = new Date(0).toISOString();

/** A processor double on the deployment's topics: commands in, replies out, what it sees on its chain to `<name>-serai`. */
export const openProcessorService = async (deps: ProcessorServiceDeps): Promise<Module> => {
  const { network, topics, crypto, processor, chain, deadLetter, lag = () => 0 } = deps;
  const bend = deps.bend ?? ((observation: ExternalObservation) => observation);
  const commands = topics.commands(network);
  const replies = topics.replies(network);
  const reply = (draft: Draft, { type, data }: Reply, time = EPOCH_START): void => {
    const intent = intentOf({ type, data } as Reply);
    draft.send({ topic: replies, type, id: `${type}/${intent}`, time, subject: intent, data: data });
  };
  const module = await openModule(
    deps,
    { [replies]: crypto },
    {
      open: [topics.serai],
      entered: (draft, { epoch, signs }) => {
        if (signs.length > 0) owed.put(draft, '', { epoch, reason: signs.join('; ').slice(0, 1_000) });
      },
    },
  );
  const { ledger } = module;
  if (module.signs.length > 0) await processor.holdUntilBurnt();

  /** What had been seen of the coordinator goes back in clear: one that was rolled back has lost the keys we would seal for. */
  const coordinatorOpened = (draft: Draft, { source, opened, known, sequence }: Opening): void => {
    if (source !== crypto) return;
    const { epoch, instance } = opened;
    const before = known === undefined ? null : { epoch: known.epoch, instance: known.instance };
    const height = blockTold.get(draft, '') ?? null;
    reply(draft, { type: 'serai.epoch.seen.v1', data: { of: { epoch, instance }, before, sequence: (sequence - 1n).toString(), height } });
  };

  const closing = new AbortController();
  deps.stop$.pipe(take(1)).subscribe({
    next: () => {
      closing.abort();
    },
    error: () => {
      closing.abort();
    },
  });
  const answered = new Map<bigint, readonly Reply[]>();

  const read = (record: PlacedRecord): ReturnType<typeof command.safeParse> => {
    const data: unknown = JSON.parse(new TextDecoder().decode(module.open(commands, record)));
    return command.safeParse({ type: record.attributes.type, data });
  };

  /** The processor makes its answer durable itself; the ledger then remembers that it was given. */
  const handle = async (run: readonly PlacedRecord[]): Promise<void> => {
    for (const record of run) {
      if (record.attributes.keyid === undefined) continue;
      const understood = read(record);
      if (understood.success) answered.set(record.offset, await processor.handle(understood.data, closing.signal));
    }
  };

  const answers: Route = module.read({
    topic: commands,
    sealed: true,
    refused: 'dead-letter',
    before: handle,
    understand: (record) => {
      const { offset } = record;
      const given = answered.get(offset);
      if (given === undefined) throw new Error('this is not a command of our protocol');
      answered.delete(offset);
      return (draft) => {
        const rolledBack = owed.get(draft, '');
        if (rolledBack !== undefined) {
          owed.delete(draft, '');
          reply(draft, { type: 'serai.epoch.rolled-back.v1', data: rolledBack });
        }
        for (const one of given) {
          if (one.type === 'serai.substrate.block-ack.v1')
            blockTold.put(draft, '', Math.max(one.data.block.number, blockTold.get(draft, '') ?? 0));
          reply(draft, one, record.attributes.time);
        }
      };
    },
    opened: coordinatorOpened,
  });

  const observed = (block: ExternalBlock, observations: readonly ExternalObservation[]): Step => ({
    cursor: { name: 'external', value: block.height },
    decide: (draft) => {
      for (const seen of observations) {
        const observation = bend(seen);
        const { type, data } = observation;
        const intent = observationIntent(observation);
        draft.send({ topic: topics.serai, type, id: `${type}/${intent}`, time: EPOCH_START, subject: intent, data: data });
      }
    },
  });

  const watches: Route = {
    name: `${deps.source} watches its chain`,
    // `new Observable`, because the chain is followed by promise until a signal.
    running$: new Observable<never>((subscriber) => {
      const gate = new AbortController();
      const from = ((ledger.cursor('external') as number | undefined) ?? 0) + 1;
      const deliver = async (block: ExternalBlock): Promise<void> => {
        if (lag() > 0) await sleep(lag() * 1_000, undefined, { signal: gate.signal });
        await ledger.commit(observed(block, await processor.observe(block, gate.signal)));
      };
      chain.follow(from, deliver, gate.signal).then(
        () => {
          subscriber.complete();
        },
        (error: unknown) => {
          subscriber.error(error);
        },
      );
      return () => {
        gate.abort();
      };
    }).pipe(takeUntil(deps.stop$)),
  };

  return {
    ledger,
    routes: [answers, watches, module.relayTopic(replies), module.relayTopic(topics.serai), module.relayTopic(deadLetter)],
    stages: () => module.stages(),
    close: () => ledger.close(),
  };
};
