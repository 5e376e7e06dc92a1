import type { Report } from '../domain/crypto/reports.ts';
import { forwardedBy } from './processor/payments.ts';

type Signed = Extract<Report, { type: 'serai.report.signed.v1' }>['data'];

/** A signature as the summary shows it: enough for anyone to check it. */
const shown = ({ id, message, signature, groupKey, party, rule, blockHash, stream }: Signed) => ({
  session: id.set.session,
  groupKey,
  message,
  signature,
  party,
  attempt: id.attempt,
  rule,
  blockHash,
  stream,
});

/** Of what was signed in more than one attempt, the first one counts, in whatever order validators tell. */
const keepFirst = <K>(signed: Map<K, Signed>, key: K, data: Signed): void => {
  const known = signed.get(key);
  if (known === undefined || data.id.attempt < known.id.attempt) signed.set(key, data);
};

/** What was signed so far, gathered from the reports of all validators: one of them that is late may have nothing to report. */
export class Results {
  readonly #batches = new Map<number, Signed>();
  readonly #plans = new Map<string, Signed>();
  readonly #outputs = new Map<string, string>();

  take(report: Report): void {
    if (report.type === 'serai.report.output.v1') this.#outputs.set(report.data.plan, report.data.outputHash);
    // Who was told of a signature before its attempt reports it without the party; another one has it.
    if (report.type !== 'serai.report.signed.v1' || report.data.party === undefined) return;
    const { kind } = report.data.id;
    if (kind === 'batch') keepFirst(this.#batches, Number(report.data.id.id), report.data);
    // What moves one vault to the next pays nobody.
    if (kind === 'plan' && forwardedBy(report.data.message) === undefined) keepFirst(this.#plans, report.data.id.id, report.data);
  }

  /** Cycles that are over: as many batches signed and outputs seen. */
  get cycles(): number {
    return Math.min(this.#batches.size, this.#paid().length);
  }

  /** The object `--json` prints, without the time. */
  summary(): Record<string, unknown> {
    const batches = [...this.#batches].sort(([a], [b]) => a - b);
    const [first] = batches;
    return {
      validators: first?.[1].n ?? 0,
      threshold: first?.[1].t ?? 0,
      groupKey: first?.[1].groupKey ?? null,
      batches: batches.map(([id, signed]) => ({ id, ...shown(signed) })),
      outputs: this.#paid().map(([id, signed]) => ({ id, ...shown(signed), outputHash: this.#outputs.get(id) })),
    };
  }

  #paid(): [string, Signed][] {
    return [...this.#plans].filter(([id]) => this.#outputs.has(id));
  }
}
