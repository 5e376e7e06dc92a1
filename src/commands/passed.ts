const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const;

/** A time that has passed, in its largest unit: `3 min`. */
export const passed = (milliseconds: number): string => {
  const [length, unit] = UNITS.find(([least]) => milliseconds >= least) ?? [1_000, 's'];
  return `${String(Math.floor(Math.max(0, milliseconds) / length))} ${unit}`;
};
