import { ParkedRecord } from '../domain/deadLetter/parkedRecord.ts';
import type { ChainError } from '../domain/observation/chainError.ts';
import { coded } from '../domain/runbook.ts';
import type { AlarmLog } from './logAlarms.ts';

/** The alarm for a lane that cannot be read on: it is parked, and nothing new of it is acted on until it goes on. */
export const logParked =
  (log: Pick<AlarmLog, 'error'>) =>
  (alarm: ChainError | ParkedRecord): void => {
    if (alarm instanceof ParkedRecord) {
      const { topic, offset, code, reason } = alarm.refusal;
      log.error({ ...coded(code), reason, topic, offset }, 'topic parked');
      return;
    }
    const { code, message, at, runtime } = alarm;
    log.error({ ...coded(code), reason: message, block: at, runtime }, 'chain parked');
  };
