import { CoordinatorError } from './errors.ts';

/** Why bytes are not what a SCALE codec reads, or a value is not one it writes. */
export type ScaleErrorCode = 'scale.truncated' | 'scale.rest' | 'scale.value';

/** Bytes end too early (`scale.truncated`), go on too long (`scale.rest`), or a value is out of its type (`scale.value`). */
export class ScaleError extends CoordinatorError {
  override readonly name = 'ScaleError';
  readonly code: ScaleErrorCode;

  constructor(code: ScaleErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Walks over bytes from the front. */
export class Reader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  byte(): number {
    const value = this.#bytes[this.#offset];
    if (value === undefined) throw new ScaleError('scale.truncated', `bytes end at ${String(this.#offset)} where one more is due`);
    this.#offset += 1;
    return value;
  }

  take(length: number): Uint8Array {
    if (length > this.remaining) {
      throw new ScaleError(
        'scale.truncated',
        `${String(length)} bytes are due at ${String(this.#offset)}, ${String(this.remaining)} are left`,
      );
    }
    const start = this.#offset;
    this.#offset += length;
    return this.#bytes.slice(start, this.#offset);
  }

  /** What was read since an earlier offset. */
  since(offset: number): Uint8Array {
    return this.#bytes.slice(offset, this.#offset);
  }
}

/** Collects bytes. */
export class Writer {
  #bytes = new Uint8Array(64);
  #length = 0;

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  put(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
