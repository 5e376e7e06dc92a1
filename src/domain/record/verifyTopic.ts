import { type Hex, toHex } from '../hex.ts';
import type { Attributes, Tail, TopicRecord } from '../record.ts';
import { type Blame, blameIn, type Link } from './blame.ts';
import { fromHeaders, toHeaders } from './cloudEvents.ts';
import { recordDigest } from './recordDigest.ts';
import { RecordError, type RecordErrorCode } from './recordError.ts';
import { verifySignature } from './signRecord.ts';

/** A record as a topic holds it. */
export interface HeldRecord {
  readonly offset: bigint;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Uint8Array;
}

/** Something on a topic that its sources did not write so. */
export interface TopicFault {
  readonly offset: bigint;
  /** As the record says; undefined where it says nothing. */
  readonly source: string | undefined;
  readonly code: RecordErrorCode;
  readonly reason: string;
}

/** Links that wait for their run's signature, the last one first. */
interface Waiting {
  readonly link: Link;
  readonly before: Waiting | undefined;
}

interface SourceProof {
  readonly records: number;
  readonly first: bigint;
  readonly last: Tail;
  /** Where its proven records end. */
  readonly proven: Tail;
  readonly waiting: Waiting | undefined;
  /** A source is not followed past its first fault. */
  readonly broken: boolean;
}

/** How far a topic is proven: folded record by record with `proveNext`, read off with `reportOf`. */
export interface TopicProof {
  readonly topic: string;
  readonly pins: Readonly<Record<string, Uint8Array>>;
  /** Whether the first record of a source may have any sequence: the topic is not read from its beginning. */
  readonly midway: boolean;
  readonly records: number;
  readonly sources: ReadonlyMap<string, SourceProof>;
  /** Records that are none of ours. */
  readonly malformed: number;
  /** The source whose run is not at its end yet. */
  readonly open: string | undefined;
  readonly faults: readonly TopicFault[];
}

const START: Tail = { sequence: 0n, digest: toHex(new Uint8Array(32)) };

/** Begins to prove a topic by the public keys pinned for its sources; `midway` where it is not read from its beginning. */
export const beginProof = (topic: string, pins: Readonly<Record<string, Uint8Array>>, midway: boolean): TopicProof => ({
  topic,
  pins,
  midway,
  records: 0,
  sources: new Map(),
  malformed: 0,
  open: undefined,
  faults: [],
});

/** Proves one record more (design §5). A fault ends the proof of its source; the others go on. */
export const proveNext = (proof: TopicProof, record: HeldRecord): TopicProof => {
  const { offset, headers } = record;
  const counted = { ...proof, records: proof.records + 1 };
  let attributes: Attributes;
  try {
    attributes = attributesOf(headers);
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    const fault = { offset, source: headers['ce_source'], code: error.code, reason: error.message };
    return { ...counted, malformed: proof.malformed + 1, faults: proof.malformed === 0 ? [...proof.faults, fault] : proof.faults };
  }
  const whole = { attributes, data: record.value };
  return proveRecord(cutBy(counted, attributes.source, offset), offset, whole);
};

/** Reads the headers of a record that carries nothing else: what is not an attribute of ours is under no signature. */
const attributesOf = (headers: HeldRecord['headers']): Attributes => {
  const attributes = fromHeaders(headers);
  const known = toHeaders(attributes);
  const foreign = Object.keys(headers).filter((name) => known[name] !== headers[name]);
  if (foreign.length > 0)
    throw new RecordError('record.malformed', `its headers are not those its source wrote: no signature covers ${foreign.join(', ')}`);
  return attributes;
};

/** A run stands in one piece: another source's record in it breaks it. */
const cutBy = (proof: TopicProof, source: string, offset: bigint): TopicProof => {
  const { open } = proof;
  const cut = open === undefined ? undefined : proof.sources.get(open);
  if (open === undefined || open === source || cut === undefined) return proof;
  const blame = blameIn(cut.proven, linksOf(cut.waiting), false) ?? {
    offset,
    code: 'record.run-broken' as const,
    reason: `a record of ${source} stands before the signature that ends the run of ${open}`,
  };
  return { ...withFault(proof, open, blame), open: undefined };
};

const proveRecord = (proof: TopicProof, offset: bigint, record: TopicRecord): TopicProof => {
  const { source, sequence, previoushash, signature } = record.attributes;
  const link: Link = { offset, sequence, previoushash, digest: toHex(recordDigest(proof.topic, record)) };
  const publicKey = pinOf(proof.pins, source);
  const known = proof.sources.get(source) ?? begun(proof, link);
  const moved: SourceProof = { ...known, records: known.records + 1, last: { sequence, digest: link.digest } };
  if (publicKey === undefined)
    return withFault(withSource(proof, source, moved), source, {
      offset,
      code: 'record.unknown-source',
      reason: 'no public key of this source is known for this topic; pin it under [keys.pins] if it may write here, or find out who does',
    });
  if (known.broken) return withSource(proof, source, moved);
  const waiting: Waiting = { link, before: known.waiting };
  if (signature === undefined) return { ...withSource(proof, source, { ...moved, waiting }), open: source };
  const signed = verifySignature(proof.topic, record, publicKey);
  const blame =
    blameIn(known.proven, linksOf(waiting), signed) ??
    (signed
      ? undefined
      : { offset, code: 'record.forged' as const, reason: `the signature on sequence ${String(sequence)} is not this source's` });
  const ended = { ...withSource(proof, source, { ...moved, waiting: undefined, proven: moved.last }), open: undefined };
  return blame === undefined ? ended : withFault(ended, source, blame);
};

const pinOf = (pins: TopicProof['pins'], source: string): Uint8Array | undefined =>
  Object.hasOwn(pins, source) ? pins[source] : undefined;

const begun = ({ midway }: TopicProof, { sequence, previoushash }: Link): SourceProof => ({
  records: 0,
  first: sequence,
  last: START,
  proven: midway ? { sequence: sequence - 1n, digest: previoushash } : START,
  waiting: undefined,
  broken: false,
});

const withSource = (proof: TopicProof, source: string, known: SourceProof): TopicProof => ({
  ...proof,
  sources: new Map(proof.sources).set(source, known),
});

/** Notes a source's first fault. */
const withFault = (proof: TopicProof, source: string, blame: Blame): TopicProof => {
  const known = proof.sources.get(source);
  if (known === undefined || known.broken) return proof;
  const broken = withSource(proof, source, { ...known, waiting: undefined, broken: true });
  return { ...broken, faults: [...proof.faults, { ...blame, source }] };
};

const linksOf = (waiting: Waiting | undefined): Link[] => {
  const links: Link[] = [];
  for (let at = waiting; at !== undefined; at = at.before) links.push(at.link);
  return links.reverse();
};

/** What was found out about one source of a topic. */
export interface SourceReport {
  readonly source: string;
  /** Undefined where none is pinned. */
  readonly key: Hex | undefined;
  readonly records: number;
  readonly first: bigint;
  readonly last: Tail;
  /** Records at the end that no signature covers yet. */
  readonly unsigned: number;
  readonly proven: boolean;
}

/** What was found out about a topic. */
export interface TopicReport {
  readonly topic: string;
  readonly records: number;
  /** How many of them are no records of ours. */
  readonly malformed: number;
  readonly sources: readonly SourceReport[];
  /** The first of each source, and the first record that is none of ours, in the topic's order. */
  readonly faults: readonly TopicFault[];
}

/** Reads off what was proven. Records at the end that wait for their run's signature are no fault. */
export const reportOf = (proof: TopicProof): TopicReport => {
  const { topic, records, malformed, pins, sources, faults } = withOpenFault(proof);
  return {
    topic,
    records,
    malformed,
    sources: [...sources]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([source, { waiting, broken, records: count, first, last }]) => {
        const key = pinOf(pins, source);
        const unsigned = linksOf(waiting).length;
        return { source, key: key === undefined ? undefined : toHex(key), records: count, first, last, unsigned, proven: !broken };
      }),
    faults: [...faults].sort((a, b) => Number(a.offset - b.offset)),
  };
};

/** Records that wait for their signature must go on from those before, too. */
const withOpenFault = (proof: TopicProof): TopicProof => {
  const { open } = proof;
  const known = open === undefined ? undefined : proof.sources.get(open);
  if (open === undefined || known === undefined) return proof;
  const blame = blameIn(known.proven, linksOf(known.waiting), false);
  return blame === undefined ? proof : withFault(proof, open, blame);
};
