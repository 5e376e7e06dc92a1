import type { Received } from '../domain/connection/links.ts';
import type { ObservedBlock } from '../domain/observation/observedBlock.ts';
import type { Attributes, TopicRecord } from '../domain/record.ts';
import type { Draft, Json, View } from '../domain/tables.ts';
import type { Span, Tracer } from '../domain/tracing/span.ts';
import {
  isSampled,
  readTraceparent,
  type SpanRef,
  spanOf,
  type TraceMark,
  traceOfBlock,
  writeTraceparent,
} from '../domain/tracing/trace.ts';
import type { Timing } from '../operators/traced.ts';
import type { ChainCall } from '../sinks/toChain.ts';
import type { PeerParcel } from '../sinks/toPeer.ts';

/** Work under way: its span, until it is known when it ended. */
type Work = Omit<Span, 'start' | 'end' | 'error'>;

export interface ModuleTracingOptions {
  readonly tracer: Tracer;
  /** `ce_source` of the module. */
  readonly source: string;
  /** The trace of what is said, where the module knows it by itself. */
  readonly about: ((view: View, said: Json) => string | undefined) | undefined;
}

/** Records with which a module takes up a trace: what is done later without another reason is done in their span. */
const BEGINNINGS: ReadonlySet<string> = new Set(['serai.chain.block.v1', 'serai.external.batch.v1']);

const ofRecord = (topic: string, { type, id, subject }: Attributes): Span['attributes'] => ({
  'messaging.destination.name': topic,
  'cloudevents.event_type': type,
  'cloudevents.event_id': id,
  ...(subject === undefined ? {} : { 'cloudevents.event_subject': subject }),
});

/**
 * What a module tells of its work (docs/tracing.md). A decision is a span from the arrival of what was decided on until it is durable; so is what
 * leaves, until it has arrived. Ids follow from what is meant, so a message has the same ones whenever it is made.
 */
export class ModuleTracing {
  readonly #tracer: Tracer;
  readonly #source: string;
  readonly #about: NonNullable<ModuleTracingOptions['about']>;
  readonly #takesUp: boolean;
  readonly #works = new WeakMap<object, Work>();

  /** Tells of decisions. */
  readonly decisions: Timing<object>;

  constructor({ tracer, source, about }: ModuleTracingOptions) {
    this.#tracer = tracer;
    this.#source = source;
    this.#about = about ?? (() => undefined);
    this.#takesUp = about !== undefined;
    this.decisions = {
      now: tracer.now,
      settled: (of, start, end, fault) => {
        const work = this.#works.get(of);
        if (work !== undefined) this.#tell(work, start, end, fault);
      },
    };
  }

  /** A record of a topic was decided on: it belongs where it says, or else where what it is about belongs. */
  ofRecord(topic: string): (draft: Draft, record: TopicRecord, data: Json) => void {
    return (draft, record, data) => {
      const { type, id, traceparent } = record.attributes;
      const carried = readTraceparent(traceparent);
      const trace = carried?.trace ?? this.#about(draft, data);
      const begins = this.#takesUp && BEGINNINGS.has(type);
      const span = (of: string): string => (begins ? this.#beginningOf(of) : spanOf(of, this.#source, topic, id));
      const parent = carried?.span ?? (begins || trace === undefined ? undefined : this.#beginningOf(trace));
      const named = { name: `decide ${type}`, kind: 'consumer', attributes: ofRecord(topic, record.attributes) } as const;
      this.#decided(draft, record, trace === undefined ? undefined : { trace, span: span(trace), parent, ...named }, begins);
    };
  }

  /** A finalized block was observed: all its records leave in one span. */
  ofBlock(draft: Draft, block: ObservedBlock): void {
    const trace = traceOfBlock(block.hash);
    const attributes = { 'serai.block.number': block.number, 'serai.block.hash': block.hash };
    const work: Work = { trace, span: spanOf(trace, this.#source), name: 'observe block', kind: 'internal', attributes };
    this.#decided(draft, block, work, true, (to) => spanOf(trace, this.#source, to));
  }

  /** A message of another validator was taken over: it belongs where its sender says. */
  ofPeer(draft: Draft, received: Received): void {
    const { from, message, traceparent } = received;
    const carried = readTraceparent(traceparent);
    if (carried === undefined) return;
    const { trace, span: parent } = carried;
    const attributes = { 'serai.peer': from, 'serai.message.kind': message.kind, 'serai.message.id': message.id };
    const span = spanOf(trace, this.#source, from, message.id);
    this.#decided(draft, received, { trace, span, parent, name: `hear ${message.kind}`, kind: 'consumer', attributes }, false);
  }

  /** Tells of records that leave for a topic, those of one span together. */
  records(topic: string): Timing<readonly TopicRecord[]> {
    return this.#leaving((records) => {
      const last = new Map(records.map((record) => [record.attributes.traceparent, record]));
      return [...last.values()].map(({ attributes, parent }) => ({
        trace: { traceparent: attributes.traceparent, parent },
        named: { name: `publish ${attributes.type}`, kind: 'producer', attributes: ofRecord(topic, attributes) },
      }));
    });
  }

  /** Tells of messages that leave for a validator, until it has acknowledged them. */
  parcels(to: string): Timing<readonly PeerParcel[]> {
    return this.#leaving((parcels) =>
      parcels.map(({ trace }) => ({ trace, named: { name: 'tell peer', kind: 'producer', attributes: { 'serai.peer': to } } })),
    );
  }

  /** Tells of calls that leave for the chain, until its state shows them done. */
  readonly calls = (): Timing<ChainCall & { readonly trace?: TraceMark }> =>
    this.#leaving(({ call, network, trace }) => [
      { trace, named: { name: `submit ${call}`, kind: 'client', attributes: { 'serai.network': network } } },
    ]);

  #leaving<P>(
    of: (payload: P) => readonly {
      readonly trace: { readonly traceparent?: string | undefined; readonly parent?: string | undefined } | undefined;
      readonly named: Pick<Span, 'name' | 'kind' | 'attributes'>;
    }[],
  ): Timing<P> {
    return {
      now: this.#tracer.now,
      settled: (payload, start, end, fault) => {
        for (const { trace, named } of of(payload)) {
          const ref = readTraceparent(trace?.traceparent);
          if (ref !== undefined) this.#tell({ ...ref, ...named, parent: trace?.parent }, start, end, fault);
        }
      },
    };
  }

  /** What was decided on `of` leaves in the trace of what it is about, or else in that of the decision. */
  #decided(
    draft: Draft,
    of: object,
    work: Work | undefined,
    always: boolean,
    spanFor: (to: string, id: string, trace: string) => string = (to, id, trace) => spanOf(trace, this.#source, to, id),
  ): void {
    const sends = { any: false };
    draft.trace((to, id, said) => {
      sends.any = true;
      const trace = this.#about(draft, said) ?? work?.trace;
      if (trace === undefined || !this.#isSampled(trace)) return undefined;
      const parent = trace === work?.trace ? work.span : this.#beginningOf(trace);
      return { traceparent: writeTraceparent({ trace, span: spanFor(to, id, trace) }), parent };
    });
    if (work !== undefined && (always || sends.any) && this.#isSampled(work.trace)) this.#works.set(of, work);
  }

  /** The span in which the module took up a trace. */
  #beginningOf(trace: string): string {
    return spanOf(trace, this.#source);
  }

  #isSampled(trace: SpanRef['trace']): boolean {
    return isSampled(trace, this.#tracer.ratio);
  }

  #tell(work: Work, start: number, end: number, error: string | undefined): void {
    this.#tracer.tell({ ...work, start, end, error });
  }
}
