import type { Hex } from '../hex.ts';
import type { Tail } from '../record.ts';
import type { RecordErrorCode } from './recordError.ts';

/** A record as its source's chain sees it: its place, and what it says it stands behind. */
export interface Link extends Tail {
  readonly offset: bigint;
  readonly previoushash: Hex;
}

/** What is wrong with a record of a source, and where. */
export interface Blame {
  readonly offset: bigint;
  readonly code: RecordErrorCode;
  readonly reason: string;
}

const follows = (before: Tail, { sequence, previoushash }: Link): boolean =>
  sequence === before.sequence + 1n && previoushash === before.digest;

/** The links that the signed last one vouches for: each names the digest of the one before. */
const vouchedFor = (run: readonly Link[]): ReadonlySet<Link> => {
  const byDigest = new Map(run.map((link) => [link.digest, link]));
  const vouched = new Set<Link>();
  for (let at = run.at(-1); at !== undefined && !vouched.has(at); at = byDigest.get(at.previoushash)) vouched.add(at);
  return vouched;
};

/** Who is to blame where `link` does not follow `before`: the link itself, or one before it that a vouched for one contradicts. */
const blameBreak = (start: Tail, run: readonly Link[], index: number, link: Link, vouched: ReadonlySet<Link>): Blame => {
  const earlier = run.slice(0, index);
  const before = earlier.at(-1);
  const [sequence, end] = [String(link.sequence), String((before ?? start).sequence)];
  if (link.sequence > (before ?? start).sequence + 1n)
    return { offset: link.offset, code: 'record.gap', reason: `sequence ${sequence} stands after ${end}` };
  if (link.sequence <= (before ?? start).sequence) {
    const twin = earlier.find((other) => other.sequence === link.sequence);
    if (twin !== undefined && twin.digest !== link.digest && vouched.has(link) && !vouched.has(twin))
      return { offset: twin.offset, code: 'record.forged', reason: `its source signed another record of sequence ${sequence}` };
    return { offset: link.offset, code: 'record.duplicate', reason: `sequence ${sequence} stands again after ${end}` };
  }
  return before !== undefined && vouched.has(link)
    ? {
        offset: before.offset,
        code: 'record.chain-broken',
        reason: `sequence ${end} was changed: the record after it names another digest`,
      }
    : { offset: link.offset, code: 'record.chain-broken', reason: `sequence ${sequence} does not name the record before it` };
};

/**
 * The first fault of a source's run behind `start`, undefined where there is none; `signed` tells whether the last record carries
 * the source's signature. A record that was changed is named itself, not the one that shows it.
 */
export const blameIn = (start: Tail, run: readonly Link[], signed: boolean): Blame | undefined => {
  const index = run.findIndex((link, at) => !follows(run[at - 1] ?? start, link));
  const link = run[index];
  return link === undefined ? undefined : blameBreak(start, run, index, link, signed ? vouchedFor(run) : new Set());
};
