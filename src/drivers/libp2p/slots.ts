/** A number of places for work that is done side by side; who comes later waits for one, in order. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Does some work in a place; it is told when it has one. Rejects without having begun where the signal fires first. */
  async within<T>(signal: AbortSignal, work: (leave: () => void) => Promise<T>): Promise<T> {
    await this.#enter(signal);
    let left = false;
    const leave = (): void => {
      if (left) return;
      left = true;
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    };
    try {
      return await work(leave);
    } finally {
      leave();
    }
  }

  #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener('abort', give);
        resolve();
      };
      const give = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(signal.reason as Error);
      };
      this.#waiting.push(enter);
      signal.addEventListener('abort', give, { once: true });
    });
  }
}
