/** Castagnoli's polynomial, its bits reversed. */
const POLYNOMIAL = 0x82f63b78;

/** Eight tables: eight bytes are taken in at once. */
const TABLES: readonly Uint32Array[] = (() => {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte;
    for (let bit = 0; bit < 8; bit += 1) rest = (rest & 1) === 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
    return rest;
  });
  const tables = [first];
  for (let table = 1; table < 8; table += 1) {
    const before = tables[table - 1] ?? first;
    tables.push(before.map((rest) => (first[rest & 0xff] ?? 0) ^ (rest >>> 8)));
  }
  return tables;
})();

const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as readonly [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
];

const at = (table: Uint32Array, byte: number): number => table[byte & 0xff] ?? 0;

/** CRC-32C of the bytes from `start` to `end`: what RocksDB's files are checked with. Node's `zlib.crc32` is of another polynomial. */
export const crc32c = (bytes: Buffer, start: number, end: number): number => {
  let crc = 0xffffffff;
  let place = start;
  for (; place + 8 <= end; place += 8) {
    const low = bytes.readUInt32LE(place) ^ crc;
    const high = bytes.readUInt32LE(place + 4);
    crc =
      at(T7, low) ^
      at(T6, low >>> 8) ^
      at(T5, low >>> 16) ^
      at(T4, low >>> 24) ^
      at(T3, high) ^
      at(T2, high >>> 8) ^
      at(T1, high >>> 16) ^
      at(T0, high >>> 24);
  }
  for (; place < end; place += 1) crc = at(T0, crc ^ (bytes[place] ?? 0)) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
};

/** As RocksDB writes a CRC down, so that the CRC of bytes that hold CRCs is not a special one: rotated right by 15 bits, and a constant added. */
export const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
