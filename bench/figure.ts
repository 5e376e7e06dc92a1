/** One figure as it is printed (`--json`): ours against a reference of the same run. */
export interface Figure {
  readonly bench: string;
  readonly case: string;
  readonly unit: string;
  readonly ours: number;
  readonly reference: number | null;
  readonly referenceName: string | null;
  /** As in `<=1.2`; null where the figure is for information. */
  readonly goal: string | null;
}

const holds = (ratio: number, goal: string): boolean => {
  const limit = Number(goal.slice(2));
  return goal.startsWith('<=') ? ratio <= limit : ratio >= limit;
};

const round = (value: number): number => Number(value.toPrecision(4));

/** Prints a figure: a JSON object on a line, or a row of a table. */
export const printFigure = (figure: Figure, json: boolean): void => {
  const { ours, reference, goal } = figure;
  const ratio = reference === null ? null : round(ours / reference);
  const met = ratio === null || goal === null ? null : holds(ratio, goal);
  const whole = { ...figure, ours: round(ours), reference: reference === null ? null : round(reference), ratio, met };
  if (json) {
    process.stdout.write(`${JSON.stringify(whole)}\n`);
    return;
  }
  const against = reference === null ? '' : `  against ${String(whole.reference)} (${figure.referenceName ?? ''}): ${String(ratio)}`;
  const verdict = met === null ? '' : `  goal ${goal ?? ''} ${met ? 'met' : 'NOT MET'}`;
  process.stdout.write(
    `${figure.bench.padEnd(9)}${figure.case.padEnd(34)}${String(whole.ours).padStart(10)} ${figure.unit.padEnd(6)}${against}${verdict}\n`,
  );
};

/** The middle value. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = 0, high = 0] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
};
