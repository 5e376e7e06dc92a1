import type { Report } from '../domain/crypto/reports.ts';
import type { ExternalNetworkName } from '../domain/processor/ids.ts';
import { forwardedBy } from './processor/payments.ts';

type Signed = Extract<Report, { type: 'serai.report.signed.v1' }>['data'];

/** A signature as the summary shows it: enough for anyone to check it. */
const shown = ({ id, message, signature, groupKey, party, rule, blockHash, stream }: Signed) => ({
  network: id.set.network,
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
  /** By network and id. */
  readonly #batches = new Map<string, Signed>();
  readonly #plans = new Map<string, Signed>();
  readonly #outputs = new Map<string, string>();

  take(report: Report): void {
    if (report.type === 'serai.report.output.v1') this.#outputs.set(report.data.plan, report.data.outputHash);
    // Who was told of a signature before its attempt reports it without the party; another one has it.
    if (report.type !== 'serai.report.signed.v1' || report.data.party === undefined) return;
    const { kind, set, id } = report.data.id;
    if (kind === 'batch') keepFirst(this.#batches, `${set.network}/${id}`, report.data);
    // What moves one vault to the next pays nobody.
    if (kind === 'plan' && forwardedBy(report.data.message) === undefined) keepFirst(this.#plans, id, report.data);
  }

  /** Cycles of a network that are over: as many batches signed and outputs seen. */
  cyclesOf(network: ExternalNetworkName): number {
    const of = (signed: Iterable<Signed>): number => [...signed].filter(({ id }) => id.set.network === network).length;
    return Math.min(of(this.#batches.values()), of(this.#paid().map(([, signed]) => signed)));
  }

  /** The object `--json` prints, without the time. */
  summary(): Record<string, unknown> {
    const batches = [...this.#batches.values()].sort((a, b) => Number(a.id.id) - Number(b.id.id));
    const [first] = batches;
    return {
      validators: first?.n ?? 0,
      threshold: first?.t ?? 0,
      groupKey: first?.groupKey ?? null,
      batches: batches.map((signed) => ({ id: Number(signed.id.id), ...shown(signed) })),
      outputs: this.#paid().map(([id, signed]) => ({ id, ...shown(signed), outputHash: this.#outputs.get(id) })),
    };
  }

  #paid(): [string, Signed][] {
    return [...this.#plans].filter(([id]) => this.#outputs.has(id));
  }
}
