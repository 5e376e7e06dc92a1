const mask = (1n << 64n) - 1n;
const prime1 = 0x9e3779b185ebca87n;
const prime2 = 0xc2b2ae3d27d4eb4fn;
const prime3 = 0x165667b19e3779f9n;
const prime4 = 0x85ebca77c2b2ae63n;
const prime5 = 0x27d4eb2f165667c5n;

const rotate = (value: bigint, by: bigint): bigint => ((value << by) | (value >> (64n - by))) & mask;
const round = (lane: bigint, input: bigint): bigint => (rotate((lane + input * prime2) & mask, 31n) * prime1) & mask;

const avalanche = (hash: bigint): bigint => {
  const second = ((hash ^ (hash >> 33n)) * prime2) & mask;
  const third = ((second ^ (second >> 29n)) * prime3) & mask;
  return third ^ (third >> 32n);
};

/** xxHash64 of some bytes: what Substrate calls twox, seed by seed. Not a cryptographic hash. */
export const xxhash64 = (input: Uint8Array, seed: bigint): bigint => {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  let at = 0;
  let hash = (seed + prime5) & mask;
  if (input.length >= 32) {
    const lanes = [seed + prime1 + prime2, seed + prime2, seed, seed - prime1].map((lane) => BigInt.asUintN(64, lane));
    for (; at + 32 <= input.length; at += 32) {
      for (const [index, lane] of lanes.entries()) lanes[index] = round(lane, view.getBigUint64(at + 8 * index, true));
    }
    const turns = [1n, 7n, 12n, 18n];
    hash = lanes.reduce((sum, lane, index) => (sum + rotate(lane, turns[index] ?? 0n)) & mask, 0n);
    for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * prime1 + prime4) & mask;
  }
  hash = (hash + BigInt(input.length)) & mask;
  for (; at + 8 <= input.length; at += 8) {
    hash = (rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * prime1 + prime4) & mask;
  }
  if (at + 4 <= input.length) {
    hash = (rotate(hash ^ ((BigInt(view.getUint32(at, true)) * prime1) & mask), 23n) * prime2 + prime3) & mask;
    at += 4;
  }
  for (; at < input.length; at += 1) {
    hash = (rotate(hash ^ ((BigInt(view.getUint8(at)) * prime5) & mask), 11n) * prime1) & mask;
  }
  return avalanche(hash);
};
