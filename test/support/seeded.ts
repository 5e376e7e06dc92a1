/** Numbers in [0, 1), the same for the same seed. */
export const seeded = (seed: number): (() => number) => {
  let state = (seed + 0x9e3779b9) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** The seed of this run: from `SEED`, or a new one; printed where something fails. */
export const seedOfRun = (): number => Number(process.env['SEED'] ?? Math.floor(Math.random() * 0xffff_ffff));
