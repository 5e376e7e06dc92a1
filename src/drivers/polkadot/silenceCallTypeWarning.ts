const NOISE = 'Unable to determine runtime Call type';

/**
 * Keeps one line of @polkadot/types off the console: it looks for a call type in the type of extrinsics, which on Serai is a tuple
 * without parameters, and says so at every metadata. It writes to the console directly and has no switch.
 */
export const silenceCallTypeWarning = (): void => {
  const { warn } = console;
  console.warn = (...values: unknown[]) => {
    if (!values.some((value) => typeof value === 'string' && value.startsWith(NOISE))) warn.apply(console, values);
  };
};
