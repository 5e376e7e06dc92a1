import { concat, concatWith, defer, EMPTY, finalize, from, mergeMap, type Observable } from 'rxjs';
import type { Ledger, Step } from '../data/ledger.ts';
import { type ModuleLedger, type ModuleLedgerOptions, openModuleLedger } from '../data/moduleLedger.ts';
import { RUN_LIMIT } from '../data/recordWriter.ts';
import { understandLetterAct } from '../data/replayLetter.ts';
import { readRun } from '../data/runCodec.ts';
import { dataOf } from '../data/sealedData.ts';
import type { Store } from '../data/store.ts';
import {
  keepParked,
  type PlacedRecord,
  parkedTopics,
  refusalMark,
  resumeAt,
  runVerifier,
  type TopicReading,
  topicStep,
  type VerifiedRun,
} from '../data/topicStep.ts';
import { isOfIntegrity, type Order, order } from '../domain/control/orders.ts';
import { againId, letterOf, type Refusal, refusalOf } from '../domain/deadLetter/letter.ts';
import { ParkedRecord } from '../domain/deadLetter/parkedRecord.ts';
import type { Stage } from '../domain/health/readiness.ts';
import type { Sections } from '../domain/health/status.ts';
import type { ChainError } from '../domain/observation/chainError.ts';
import { fromHeaders } from '../domain/record/cloudEvents.ts';
import { proveRuns } from '../domain/record/proveRun.ts';
import { RecordError } from '../domain/record/recordError.ts';
import { publicKeyOf } from '../domain/record/signRecord.ts';
import type { TopicRecord } from '../domain/record.ts';
import type { Draft, Json, View } from '../domain/tables.ts';
import { keysOn, type Writers } from '../domain/topics.ts';
import type { Tracer } from '../domain/tracing/span.ts';
import type { Fault } from '../envelope/envelope.ts';
import { closeOn } from '../operators/closeOn.ts';
import { retryParked } from '../operators/retryParked.ts';
import type { ThroughOptions } from '../operators/through.ts';
import { intake } from '../pipelines/intake.ts';
import { relay } from '../pipelines/relay.ts';
import type { Sink } from '../sinks/sink.ts';
import { type TopicLog, toTopic } from '../sinks/toTopic.ts';
import { fromOutbox } from '../streams/fromOutbox.ts';
import { fromTopic, type StoredRecord, type TopicFeed } from '../streams/fromTopic.ts';
import { delivery } from './delivery.ts';
import { ModuleTracing } from './moduleTracing.ts';

/** A pipeline with its name, as the log and health speak of it. */
export interface Route {
  readonly name: string;
  readonly running$: Observable<never>;
}

/** A module that is open: its pipelines, which run once subscribed to, and how to let go of its store after they have ended. */
export interface Module {
  readonly ledger: Ledger;
  readonly routes: readonly Route[];
  /** Where its work passes through. */
  readonly stages: () => readonly Stage[];
  /** What it tells of its own part in `/status`. */
  readonly section?: () => Sections;
  readonly close: () => Promise<void>;
}

/** Why a lane is parked. */
export type ParkedAlarm = ChainError | ParkedRecord;

/** What every module is given. */
export interface ModuleDeps {
  readonly store: Store;
  readonly bus: TopicLog & TopicFeed;
  readonly source: string;
  /** Ed25519 seed, 32 bytes. */
  readonly signingSecret: Uint8Array;
  /** Ed25519 public keys by source. */
  readonly pins: Readonly<Record<string, Uint8Array>>;
  /** Whose records count on each topic that is read. */
  readonly writers: Writers;
  readonly deadLetter: string;
  readonly random: (length: number) => Uint8Array;
  /** Milliseconds until a parked lane is tried again. */
  readonly parkedFor: number;
  /** Hears that a lane is parked, and why. */
  readonly parked: (alarm: ParkedAlarm) => void;
  /** Hears what was written to a topic in clear, once it stands there; of some of it twice, where the process ends in between. */
  readonly wrote?: (topic: string, records: readonly TopicRecord[]) => void;
  /** Hears what shows that a module's store was rolled back. */
  readonly rolledBack?: (source: string, signs: readonly string[]) => void;
  /** Where traces are told; without it none are made. */
  readonly tracer?: Tracer | undefined;
  /** Emits when no new work is to be taken. */
  readonly stop$: Observable<unknown>;
}

/** Credits of a topic source: more than a run may have, so that a whole run can be held while others wait for their commit. */
const CREDITS = RUN_LIMIT * 8;

/** Runs that may wait for their commit: they are decided in order and share a write; one that fails breaks the ledger, so none behind it lands.
 * Where a record may park its lane, or something is done before the commit, they come one by one. */
const COMMITS_AT_ONCE = 64;

/** Runs that are appended to a topic together. */
const RUNS_TOGETHER = 64;

/** Faults that mean a source's own records are missing or out of order: whatever the policy, the lane parks instead of going on. */
const MISSING = new Set(['record.gap', 'record.chain-broken']);

const parks = (error: unknown): error is ParkedRecord => error instanceof ParkedRecord;

const placed = ({ offset, headers, value }: StoredRecord): PlacedRecord => ({ offset, attributes: fromHeaders(headers), data: value });

/** A topic to read, and what to do about its records. */
export interface ReadTopic extends Pick<TopicReading, 'topic' | 'sealed' | 'refused' | 'understand' | 'opened'> {
  /** Done, and durable wherever it has to be, before the run is committed; done again for the same run after a crash. */
  readonly before?: (run: readonly PlacedRecord[]) => Promise<unknown>;
}

/** Whose orders on `<name>-control` count, and what they come to here. */
export interface ReadControl {
  readonly topic: string;
  readonly operator: string;
  readonly integrity: string;
  /** `id` is that of the order's record. */
  readonly obey: (draft: Draft, order: Order, id: string) => void;
  /** Hears of every dead letter that the operator did something about. */
  readonly closed?: (draft: Draft, letter: string) => void;
}

/** A module's ledger, and the two shapes of pipeline over it. */
export interface ModuleShapes extends ModuleLedger {
  /** Emits once, when every counterpart of a sealed topic has announced a key. */
  readonly counterpartsKnown$: Observable<unknown>;
  /** Tells of what the module does, where traces are told. */
  readonly tracing: ModuleTracing | undefined;
  readonly read: (reading: ReadTopic) => Route;
  /** Reads the orders of the operator and the integrity module, and what becomes of dead letters of the topics that this module reads. */
  readonly readControl: (control: ReadControl) => Route;
  /** What a record of a sealed topic says, opened with our keys; throws where it is not for us. */
  readonly open: (topic: string, record: PlacedRecord) => Uint8Array;
  readonly relayTopic: (topic: string) => Route;
  /** How the rows of a lane are delivered; what is in the way is remembered for {@link stages}. */
  readonly deliveryOf: (lane: string) => ThroughOptions;
  /** The lanes of the outbox, and the topics that are parked; lanes the coordinator can do its duty without are named by `isOptional`. */
  readonly stages: (isOptional?: (lane: string) => boolean) => readonly Stage[];
}

/** What a module writes in clear besides dead letters, and what it does about a new epoch. */
export interface OpenModule {
  readonly open?: readonly string[];
  readonly entered?: ModuleLedgerOptions['entered'];
  /** The trace of what is said, where the module knows it by itself. */
  readonly about?: (view: View, said: Json) => string | undefined;
}

/** Opens a module's ledger and gives it what all modules do alike: reading topics, and relaying its outbox to topics. */
export const openModule = async (
  deps: ModuleDeps,
  sealedFor: Readonly<Record<string, string>>,
  { open = [], entered, about }: OpenModule = {},
): Promise<ModuleShapes> => {
  const { store, bus, source, signingSecret, random, stop$, deadLetter } = deps;
  const opened = await openModuleLedger({
    ...{ store, topics: bus, source, signingSecret, sealedFor, random, open: [...open, deadLetter] },
    ...(entered === undefined ? {} : { entered }),
  });
  if (opened.signs.length > 0) deps.rolledBack?.(source, opened.signs);
  const { ledger, sealingSecret } = opened;
  const tracing = deps.tracer === undefined ? undefined : new ModuleTracing({ tracer: deps.tracer, source, about });

  const refuse = (draft: Draft, refusal: Refusal): void => {
    draft.send({ topic: deadLetter, ...letterOf(refusal, source) });
  };

  const refuseAgain =
    (letter: string, offset: bigint) =>
    (draft: Draft, refusal: Refusal): void => {
      draft.send({ topic: deadLetter, ...letterOf(refusal, source), id: againId(letter, offset) });
    };

  const refusedEarly =
    (topic: string) =>
    (record: StoredRecord, { code, cause }: Fault): void => {
      const missing = MISSING.has(code);
      const refusal = refusalOf(topic, record, { fate: missing ? 'parked' : 'unproven', code, cause });
      if (missing) throw new ParkedRecord(refusal);
      const mark = refusalMark(topic, record.offset);
      const step: Step = {
        marks: [mark],
        decide: (draft, standing) => {
          if (standing(mark.id) === 'new') refuse(draft, refusal);
        },
      };
      // A failed commit breaks the ledger, and with it every route: nothing to do about it here.
      ledger.commit(step).catch(() => undefined);
    };

  /** Commits a run, or nothing of it where it parks the lane. */
  const commitRun = (reading: TopicReading) => (run: VerifiedRun) =>
    defer(async () => {
      let parked: Refusal | undefined;
      const hear = (refusal: Refusal): void => {
        parked = refusal;
      };
      await ledger.commit(topicStep(reading, run, hear));
      if (parked !== undefined) throw new ParkedRecord(parked);
    });

  const keep = (error: ParkedRecord): Observable<void> => {
    deps.parked(error);
    const step: Step = {
      decide: (draft) => {
        keepParked(draft, error.refusal, refuse);
      },
    };
    return defer(() => ledger.commit(step));
  };

  const counterpartsKnown$ = defer(() => {
    const gate = new AbortController();
    const leave = (): void => {
      gate.abort();
    };
    return from(opened.counterpartsKnown(gate.signal)).pipe(finalize(leave));
  });

  const inTheWay = new Map<string, string>();
  const parkedSince = new Map<string, number>();

  const deliveryOf = (lane: string): ThroughOptions => ({
    ...delivery,
    classify: (cause) => {
      inTheWay.set(lane, cause instanceof Error ? cause.message : String(cause));
      return delivery.classify(cause);
    },
  });

  const stages = (isOptional: (lane: string) => boolean = () => false): Stage[] => {
    const parked = parkedTopics(ledger);
    for (const topic of parkedSince.keys()) if (!parked.some((one) => one.topic === topic)) parkedSince.delete(topic);
    return [
      ...ledger.lanes.map(([lane, { waiting, movedAt }]) => {
        const reason = waiting === 0 ? undefined : inTheWay.get(lane);
        return {
          name: `${source} sends to ${lane}`,
          waiting,
          movedAt,
          ...(reason === undefined ? {} : { reason }),
          ...(isOptional(lane) ? { optional: true } : {}),
        };
      }),
      ...parked.map(({ topic, offset, code }) => {
        const movedAt = parkedSince.get(topic) ?? Date.now();
        parkedSince.set(topic, movedAt);
        return { name: `${source} reads ${topic}`, waiting: 1, movedAt, reason: `parked at offset ${offset}: ${code}` };
      }),
    ];
  };

  /** Tells of what is sent, once it has arrived. */
  const told =
    (topic: string, send: Sink<readonly TopicRecord[]>): Sink<readonly TopicRecord[]> =>
    (run) =>
      concat(
        send(run),
        defer(() => {
          deps.wrote?.(topic, run);
          return EMPTY;
        }),
      );

  const readings = new Map<string, TopicReading>();

  const read = ({ before, ...how }: ReadTopic): Route => {
    const { topic } = how;
    const pins = keysOn(topic, deps.writers, deps.pins);
    const reading: TopicReading = {
      ...how,
      pins,
      unsealing: { self: source, sealingSecret },
      refuse,
      ...(tracing === undefined ? {} : { decided: tracing.ofRecord(topic) }),
    };
    readings.set(topic, reading);
    const commit = commitRun(reading);
    const envelopes$ = fromTopic({ feed: bus, topic, from: () => resumeAt(ledger, topic), credits: CREDITS, refused: refusedEarly(topic) });
    return {
      name: `${source} reads ${topic}`,
      // A lane that parked goes on from where the ledger is by then.
      running$: defer(() =>
        intake({
          envelopes$: envelopes$.pipe(closeOn(stop$)),
          decode: placed,
          prove: (runs) => proveRuns(topic, pins, runs),
          verify: runVerifier(ledger, reading),
          commit: before === undefined ? commit : (run) => defer(() => before(run.fresh)).pipe(concatWith(commit(run))),
          runLimit: RUN_LIMIT,
          delivery: before === undefined && how.refused === 'dead-letter' ? { ...delivery, concurrency: COMMITS_AT_ONCE } : delivery,
          timing: tracing?.decisions,
        }),
      ).pipe(retryParked({ parks, keep, pause: deps.parkedFor, stop$ })),
    };
  };

  return {
    ...opened,
    tracing,
    counterpartsKnown$,
    deliveryOf,
    stages,
    open: (topic, record) => dataOf(ledger, { self: source, sealingSecret }, topic, record),
    read,
    readControl: ({ topic, operator, integrity, obey, closed }) => {
      const publicKey = publicKeyOf(signingSecret);
      const ofLetters = understandLetterAct({ self: source, publicKey, operator, deadLetter, readings, refuseAgain, closed });
      // What is decided on again may make sealed messages.
      const { name, running$ } = read({
        topic,
        sealed: false,
        refused: 'dead-letter',
        understand: (record, data) => {
          const said = order.safeParse({ type: record.attributes.type, data });
          if (!said.success) return ofLetters(record, data);
          const giver = isOfIntegrity(said.data) ? integrity : operator;
          if (record.attributes.source !== giver)
            throw new RecordError('record.forged', `${record.attributes.source} does not give such orders`);
          return (draft) => {
            obey(draft, said.data, record.attributes.id);
          };
        },
      });
      return {
        name,
        running$: counterpartsKnown$.pipe(
          closeOn(stop$),
          mergeMap((): Observable<never> => running$),
        ),
      };
    },
    relayTopic: (topic) => ({
      name: `${source} writes ${topic}`,
      running$: relay({
        envelopes$: fromOutbox({ lane: ledger.lane(`topic/${topic}`), name: topic, most: RUNS_TOGETHER }).pipe(closeOn(stop$)),
        read: (rows) => rows.flatMap(readRun),
        send: told(topic, toTopic(bus, topic)),
        delivery: deliveryOf(`topic/${topic}`),
        timing: tracing?.records(topic),
      }),
    }),
  };
};
