import { chacha20orig } from '@noble/ciphers/chacha.js';

const BLOCK = 64;

/**
 * Rust's `ChaCha20Rng::from_seed(seed)` with `set_stream(stream)`, bit for bit: the keystream of the original ChaCha20
 * (64-bit counter from 0, 64-bit nonce = stream, little endian), read as little-endian u64 (design §8, serai.md §a.9).
 */
export const chaChaRng = (seed: Uint8Array, stream = 0n): (() => bigint) => {
  const nonce = new Uint8Array(8);
  new DataView(nonce.buffer).setBigUint64(0, stream, true);
  let counter = 0;
  let offset = BLOCK;
  let words = new DataView(new ArrayBuffer(BLOCK));
  return () => {
    if (offset === BLOCK) {
      const block = chacha20orig(seed, nonce, new Uint8Array(BLOCK), undefined, counter);
      words = new DataView(block.buffer, block.byteOffset, BLOCK);
      counter += 1;
      offset = 0;
    }
    const value = words.getBigUint64(offset, true);
    offset += 8;
    return value;
  };
};
