import type { ChainError } from '../domain/observation/chainError.ts';

/** Where the alarm goes; pino's loggers fit. */
interface AlarmLog {
  error(fields: object, message: string): void;
}

/** The alarm for a chain that cannot be read on: the lane is parked, and nothing new is acted on until it goes on. */
export const logParked =
  (log: AlarmLog) =>
  ({ code, message, at, runtime }: ChainError): void => {
    log.error({ code, reason: message, block: at, runtime }, 'chain parked');
  };
