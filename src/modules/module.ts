import { concatWith, defer, finalize, from, type Observable } from 'rxjs';
import type { Ledger } from '../data/ledger.ts';
import { type ModuleLedger, openModuleLedger } from '../data/moduleLedger.ts';
import { RUN_LIMIT } from '../data/recordWriter.ts';
import { readRun } from '../data/runCodec.ts';
import { dataOf } from '../data/sealedData.ts';
import type { Store } from '../data/store.ts';
import {
  type PlacedRecord,
  type Refused,
  refusalMark,
  resumeAt,
  runVerifier,
  type TopicReading,
  topicStep,
  type VerifiedRun,
} from '../data/topicStep.ts';
import { toHex } from '../domain/hex.ts';
import { fromHeaders } from '../domain/record/cloudEvents.ts';
import type { Draft, Json } from '../domain/tables.ts';
import type { Fault } from '../envelope/envelope.ts';
import { closeOn } from '../operators/closeOn.ts';
import { intake } from '../pipelines/intake.ts';
import { relay } from '../pipelines/relay.ts';
import { toLedger } from '../sinks/toLedger.ts';
import { type TopicLog, toTopic } from '../sinks/toTopic.ts';
import { fromOutbox } from '../streams/fromOutbox.ts';
import { park } from '../streams/fromReading.ts';
import { fromTopic, originOfRecord, type StoredRecord, type TopicFeed } from '../streams/fromTopic.ts';
import { delivery } from './delivery.ts';

/** A pipeline with its name, as the log and health speak of it. */
export interface Route {
  readonly name: string;
  readonly running$: Observable<never>;
}

/** A module that is open: its pipelines, which run once subscribed to, and how to let go of its store after they have ended. */
export interface Module {
  readonly ledger: Ledger;
  readonly routes: readonly Route[];
  readonly close: () => Promise<void>;
}

/** What every module is given. */
export interface ModuleDeps {
  readonly store: Store;
  readonly bus: TopicLog & TopicFeed;
  readonly source: string;
  /** Ed25519 seed, 32 bytes. */
  readonly signingSecret: Uint8Array;
  readonly pins: Readonly<Record<string, Uint8Array>>;
  readonly deadLetter: string;
  readonly random: (length: number) => Uint8Array;
  /** Emits when no new work is to be taken. */
  readonly stop$: Observable<unknown>;
}

/** Credits of a topic source: more than a run may have, so that a whole run can be held while others wait for their commit. */
const CREDITS = RUN_LIMIT * 8;

/** Runs that may wait for their commit: they are decided in order and share a write; one that fails breaks the ledger, so none behind it lands. */
const COMMITS_AT_ONCE = 64;

/** Runs that are appended to a topic together. */
const RUNS_TOGETHER = 64;

/** Faults that mean a source's own records are missing or out of order: the lane parks instead of going on. */
const BROKEN = new Set(['record.gap', 'record.chain-broken']);

const placed = ({ offset, headers, value }: StoredRecord): PlacedRecord => ({ offset, attributes: fromHeaders(headers), data: value });

/** A topic to read, and what to do about its records. */
export interface ReadTopic extends Pick<TopicReading, 'topic' | 'sealed' | 'understand'> {
  /** Done, and durable wherever it has to be, before the run is committed; done again for the same run after a crash. */
  readonly before?: (run: readonly PlacedRecord[]) => Promise<unknown>;
}

/** A module's ledger, and the two shapes of pipeline over it. */
export interface ModuleShapes extends ModuleLedger {
  /** Emits once, when every counterpart of a sealed topic has announced a key. */
  readonly counterpartsKnown$: Observable<unknown>;
  readonly read: (reading: ReadTopic) => Route;
  /** What a record of a sealed topic says, opened with our keys; throws where it is not for us. */
  readonly open: (topic: string, record: PlacedRecord) => Uint8Array;
  readonly relayTopic: (topic: string) => Route;
}

/** Opens a module's ledger and gives it what all modules do alike: reading topics, and relaying its outbox to topics. */
export const openModule = async (deps: ModuleDeps, sealedFor: Readonly<Record<string, string>>): Promise<ModuleShapes> => {
  const { store, bus, source, signingSecret, random, stop$, pins, deadLetter } = deps;
  const opened = await openModuleLedger({ store, source, signingSecret, sealedFor, random });
  const { ledger, sealingSecret } = opened;

  const refuse = (draft: Draft, refused: Refused): void => {
    const { topic, offset } = refused;
    const id = `serai.dead-letter.v1/${topic}/${offset}/${source}`;
    draft.send({
      topic: deadLetter,
      type: 'serai.dead-letter.v1',
      id,
      time: new Date(0).toISOString(),
      subject: topic,
      data: { ...refused },
    });
  };

  const refusedEarly = (topic: string) => {
    const parked = park(originOfRecord(topic));
    return (record: StoredRecord, fault: Fault): void => {
      if (BROKEN.has(fault.code)) parked(record, fault);
      const { offset, headers, value } = record;
      const mark = refusalMark(topic, offset);
      const kept: Json = { headers: { ...headers }, data: toHex(value) };
      const refused = { topic, offset: offset.toString(), code: fault.code, reason: String(fault.cause), record: kept };
      const step = {
        marks: [mark],
        decide: (draft: Draft, standing: (id: string) => string) => {
          if (standing(mark.id) === 'new') refuse(draft, refused);
        },
      };
      // A failed commit breaks the ledger, and with it every route: nothing to do about it here.
      ledger.commit(step).catch(() => undefined);
    };
  };

  return {
    ...opened,
    counterpartsKnown$: defer(() => {
      const gate = new AbortController();
      const leave = (): void => {
        gate.abort();
      };
      return from(opened.counterpartsKnown(gate.signal)).pipe(finalize(leave));
    }),
    open: (topic, record) => dataOf(ledger, { self: source, sealingSecret }, topic, record),
    read: ({ before, ...how }) => {
      const { topic } = how;
      const commit = toLedger(ledger, (run: VerifiedRun) => topicStep(reading, run));
      const reading: TopicReading = { ...how, pins, unsealing: { self: source, sealingSecret }, refuse };
      const envelopes$ = fromTopic({
        feed: bus,
        topic,
        from: () => resumeAt(ledger, topic),
        credits: CREDITS,
        refused: refusedEarly(topic),
      });
      return {
        name: `${source} reads ${topic}`,
        running$: intake({
          envelopes$: envelopes$.pipe(closeOn(stop$)),
          decode: placed,
          verify: runVerifier(ledger, reading),
          commit: before === undefined ? commit : (run) => defer(() => before(run.fresh)).pipe(concatWith(commit(run))),
          runLimit: RUN_LIMIT,
          delivery: before === undefined ? { ...delivery, concurrency: COMMITS_AT_ONCE } : delivery,
        }),
      };
    },
    relayTopic: (topic) => ({
      name: `${source} writes ${topic}`,
      running$: relay({
        envelopes$: fromOutbox({ lane: ledger.lane(`topic/${topic}`), name: topic, most: RUNS_TOGETHER }).pipe(closeOn(stop$)),
        read: (rows) => rows.flatMap(readRun),
        send: toTopic(bus, topic),
        delivery,
      }),
    }),
  };
};
