import { ParkedRecord } from '../domain/deadLetter/parkedRecord.ts';
import type { ChainError } from '../domain/observation/chainError.ts';
import { runbookOf } from './runbook.ts';

/** Where the alarm goes; pino's loggers fit. */
interface AlarmLog {
  error(fields: object, message: string): void;
}

/** The alarm for a lane that cannot be read on: it is parked, and nothing new of it is acted on until it goes on. */
export const logParked =
  (log: AlarmLog) =>
  (alarm: ChainError | ParkedRecord): void => {
    if (alarm instanceof ParkedRecord) {
      const { topic, offset, code, reason } = alarm.refusal;
      log.error({ code, reason, topic, offset, runbook: runbookOf(code) }, 'topic parked');
      return;
    }
    const { code, message, at, runtime } = alarm;
    log.error({ code, reason: message, block: at, runtime, runbook: runbookOf(code) }, 'chain parked');
  };
