/** Pings the other side of a link, and measures how long its answers take. Times in milliseconds. */
export class Pulse {
  readonly #every: number;
  #last: number;
  #nonce = 0;
  #asked: { readonly nonce: number; readonly at: number } | undefined;

  /** There and back, as measured last. */
  roundTrip: number | null = null;

  constructor(every: number, now: number) {
    this.#every = every;
    this.#last = now;
  }

  /** When a ping was sent that is not answered yet. */
  get askedAt(): number | undefined {
    return this.#asked?.at;
  }

  /** The nonce of a ping that is to be sent now, if it is time for one. */
  beat(now: number): number | undefined {
    if (this.#asked !== undefined || now - this.#last < this.#every) return undefined;
    this.#nonce = (this.#nonce + 1) >>> 0;
    this.#asked = { nonce: this.#nonce, at: now };
    this.#last = now;
    return this.#nonce;
  }

  /** An answer came; one to nothing we asked is passed over. */
  answered(nonce: number, now: number): void {
    if (this.#asked?.nonce !== nonce) return;
    this.roundTrip = now - this.#asked.at;
    this.#asked = undefined;
  }
}
