import { z } from 'zod';
import { DEAD_LETTER, letterData } from '../domain/deadLetter/letter.ts';
import type { TopicRecord } from '../domain/record.ts';
import { coded } from '../domain/runbook.ts';

/** Where alarms go; pino's loggers fit. */
export interface AlarmLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const evidence = z.object({ code: z.string() });
const halt = z.object({ network: z.string(), code: z.string() });
const stale = z.object({ network: z.string(), since: z.number() });

const text = new TextDecoder();

/** What a record that was written says that an operator has to know of, if anything: codes, places and names, nothing a stranger could have written. */
const alarmIn = (
  topic: string,
  { attributes: { type, sequence }, data }: TopicRecord,
): readonly ['warn' | 'error', code: string, fields: object, event: string] | undefined => {
  const said = (): unknown => JSON.parse(text.decode(data));
  const place = { topic, sequence: sequence.toString() };
  switch (type) {
    case 'serai.report.evidence.v1':
      return ['warn', evidence.parse(said()).code, place, 'evidence'];
    case 'serai.report.solvency-stale.v1':
      return ['warn', 'solvency.stale', stale.parse(said()), 'solvency cannot be judged'];
    case 'serai.report.quarantine.v1':
      return ['error', 'store.rolled-back', place, 'quarantine'];
    case 'serai.control.halted.v1': {
      const { network, code } = halt.parse(said());
      return ['error', code, { network }, 'network halted'];
    }
    case 'serai.control.cleared.v1': {
      const { network, code } = halt.parse(said());
      return ['warn', code, { network }, 'network no longer halted'];
    }
    case DEAD_LETTER: {
      const { topic: refusedOn, offset, fate, code } = letterData.parse(said());
      // Of a lane that is parked, the alarm has gone off.
      return fate === 'parked' ? undefined : ['warn', code, { topic: refusedOn, offset, fate }, 'record refused'];
    }
    default:
      return undefined;
  }
};

/** The alarm for what a module wrote to a public topic, once it stands there: evidence, halts, refused records, each with its code and what to do. */
export const logAlarms =
  (log: AlarmLog) =>
  (topic: string, records: readonly TopicRecord[]): void => {
    for (const record of records) {
      const alarm = alarmIn(topic, record);
      if (alarm === undefined) continue;
      const [level, code, fields, event] = alarm;
      log[level]({ ...coded(code), ...fields }, event);
    }
  };

/** The alarm for a store that knows less than the topics or the other validators do: it was rolled back, or copied (design §10). */
export const logRollBack =
  (log: AlarmLog) =>
  (source: string, signs: readonly string[]): void => {
    log.error({ ...coded('store.rolled-back'), source, signs }, 'store rolled back');
  };
