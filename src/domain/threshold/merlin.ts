import { keccakP } from '@noble/hashes/sha3.js';
import { concatBytes, swap32IfBE, u32, utf8ToBytes } from '@noble/hashes/utils.js';

const RATE = 166;
const I = 1;
const A = 2;
const C = 4;
const M = 16;

const u32le = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
};

/** A merlin 1.0 transcript over STROBE-128: what schnorrkel hashes its challenges with (merlin.cool). */
export class Transcript {
  readonly #state = new Uint8Array(200);
  #position = 0;
  #begin = 0;

  constructor(label: string) {
    this.#state.set([1, RATE + 2, 1, 0, 1, 96]);
    this.#state.set(utf8ToBytes('STROBEv1.0.2'), 6);
    this.#permute();
    this.#operate(M | A, utf8ToBytes('Merlin v1.0'));
    this.append('dom-sep', utf8ToBytes(label));
  }

  /** Adds a labelled message. */
  append(label: string, message: Uint8Array): void {
    this.#operate(M | A, concatBytes(utf8ToBytes(label), u32le(message.length)));
    this.#operate(A, message);
  }

  /** Draws bytes that depend on everything appended before. */
  challenge(label: string, length: number): Uint8Array {
    this.#operate(M | A, concatBytes(utf8ToBytes(label), u32le(length)));
    this.#start(I | A | C);
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at++) {
      bytes[at] = this.#state[this.#position] ?? 0;
      this.#state[this.#position] = 0;
      this.#step();
    }
    return bytes;
  }

  #operate(flags: number, data: Uint8Array): void {
    this.#start(flags);
    this.#absorb(data);
  }

  #start(flags: number): void {
    const before = this.#begin;
    this.#begin = this.#position + 1;
    this.#absorb(Uint8Array.of(before, flags));
    if ((flags & C) !== 0 && this.#position !== 0) this.#run();
  }

  #absorb(data: Uint8Array): void {
    for (const byte of data) {
      this.#mix(this.#position, byte);
      this.#step();
    }
  }

  #step(): void {
    this.#position += 1;
    if (this.#position === RATE) this.#run();
  }

  #run(): void {
    this.#mix(this.#position, this.#begin);
    this.#mix(this.#position + 1, 0x04);
    this.#mix(RATE + 1, 0x80);
    this.#permute();
    this.#position = 0;
    this.#begin = 0;
  }

  #mix(at: number, byte: number): void {
    this.#state[at] = (this.#state[at] ?? 0) ^ byte;
  }

  #permute(): void {
    const words = u32(this.#state);
    swap32IfBE(words);
    keccakP(words);
    swap32IfBE(words);
  }
}
