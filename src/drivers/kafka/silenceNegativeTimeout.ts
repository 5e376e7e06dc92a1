/**
 * Keeps Node's `TimeoutNegativeWarning` off the console, and no other: kafkajs' request queue sets a negative timeout now and then,
 * which Node takes for 1 ms (kafkajs 2.2.4, requestQueue).
 */
export const silenceNegativeTimeout = (): void => {
  const emit = process.emitWarning.bind(process) as (...values: unknown[]) => void;
  process.emitWarning = (...values: unknown[]): void => {
    const [, second] = values;
    const name = typeof second === 'object' && second !== null && 'type' in second ? second.type : second;
    if (name !== 'TimeoutNegativeWarning') emit(...values);
  };
};
