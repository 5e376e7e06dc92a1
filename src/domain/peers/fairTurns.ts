/** Something that waits for its turn, and how heavy it is. */
interface Waiting<T> {
  readonly item: T;
  readonly weight: number;
}

interface Queue<T> {
  readonly items: Waiting<T>[];
  /** What it may still take in this round. */
  credit: number;
}

/**
 * Queues that take turns: deficit round robin, so that each gets the same share by weight whatever the others bring (Shreedhar and Varghese,
 * 1995). Within a queue order is kept. What may wait in a queue is for the caller to bound.
 */
export class FairTurns<K, T> {
  readonly #queues = new Map<K, Queue<T>>();
  readonly #quantum: number;
  #weight = 0;

  /** `quantum` is the weight a queue may take in a round. */
  constructor(quantum: number) {
    this.#quantum = quantum;
  }

  /** Weight of all that waits. */
  get weight(): number {
    return this.#weight;
  }

  /** Whether something waits in a queue. */
  has(key: K): boolean {
    return this.#queues.has(key);
  }

  add(key: K, item: T, weight: number): void {
    const queue = this.#queues.get(key) ?? { items: [], credit: 0 };
    queue.items.push({ item, weight });
    this.#queues.set(key, queue);
    this.#weight += weight;
  }

  /** The next one whose turn it is, of a queue that may go on; undefined where there is none. */
  next(mayGoOn: (key: K) => boolean): T | undefined {
    const ready = [...this.#queues.keys()].filter(mayGoOn);
    if (ready.length === 0) return undefined;
    for (;;) {
      for (const key of ready) {
        const queue = this.#queues.get(key);
        const first = queue?.items[0];
        if (queue === undefined || first === undefined) continue;
        if (queue.credit >= first.weight) {
          queue.items.shift();
          queue.credit -= first.weight;
          this.#weight -= first.weight;
          if (queue.items.length === 0) this.#queues.delete(key);
          return first.item;
        }
        queue.credit += this.#quantum;
        // To the back: the others come first now.
        this.#queues.delete(key);
        this.#queues.set(key, queue);
      }
    }
  }

  /** Forgets what waits in a queue. */
  clear(key: K): void {
    for (const { weight } of this.#queues.get(key)?.items ?? []) this.#weight -= weight;
    this.#queues.delete(key);
  }
}
