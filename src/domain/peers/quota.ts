/** How much may come of something: so many units a second in the long run, so many at once after a rest. */
export interface Rate {
  readonly perSecond: number;
  readonly atOnce: number;
}

/** What is left of a rate: a bucket that fills by the clock. It may be overdrawn by what came at once; then it is closed until it is even. */
export class Quota {
  readonly #rate: Rate;
  #left: number;
  #at: number;

  /** `now` in milliseconds, of any clock that does not go back. */
  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#left = rate.atOnce;
    this.#at = now;
  }

  take(units: number, now: number): void {
    this.#fill(now);
    this.#left -= units;
  }

  isOpen(now: number): boolean {
    this.#fill(now);
    return this.#left >= 0;
  }

  #fill(now: number): void {
    const passed = Math.max(0, now - this.#at) / 1_000;
    this.#left = Math.min(this.#rate.atOnce, this.#left + passed * this.#rate.perSecond);
    this.#at = Math.max(this.#at, now);
  }
}
