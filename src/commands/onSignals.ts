import { EXIT } from '../core/exitCodes.ts';

/** The first SIGINT or SIGTERM calls `drain`, the second leaves at once. Returns how to stop listening. */
export const onSignals = (drain: () => void): (() => void) => {
  let asked = false;
  const signalled = (): void => {
    if (asked) process.exit(EXIT.forced);
    asked = true;
    process.stderr.write('stopping: what is in flight finishes first; once more to leave at once\n');
    drain();
  };
  process.on('SIGINT', signalled);
  process.on('SIGTERM', signalled);
  return () => {
    process.off('SIGINT', signalled);
    process.off('SIGTERM', signalled);
  };
};
