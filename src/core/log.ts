import { type DestinationStream, destination, type Logger, pino } from 'pino';

/** Field names whose values never reach a log. */
const SECRET = ['secret', 'secretKey', 'signingSecret', 'identitySeed', 'key', 'password', 'passphrase'];

/** What the log may be set to say, from most to least. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A log whose level can be changed while it is written to, with all that was made from it. */
export interface LiveLog {
  readonly log: Logger;
  readonly level: () => string;
  readonly setLevel: (level: LogLevel) => void;
}

/** Opens the log: JSON lines to a file, or to standard error; never to standard output, which belongs to answers. */
export const openLog = (level: string, file?: string): Logger => openLiveLog(level, file).log;

/** Opens the log of {@link openLog} so that its level can be changed. */
export const openLiveLog = (level: string, file?: string): LiveLog => {
  const to: DestinationStream =
    file === undefined ? destination({ dest: 2, sync: true }) : destination({ dest: file, sync: true, mkdir: true });
  // A child of pino keeps the level that its parent had when it was made.
  const all: Logger[] = [];
  const onChild = (child: Logger): void => {
    all.push(child);
  };
  const log = pino({ level, onChild, redact: { paths: SECRET.flatMap((name) => [name, `*.${name}`]), censor: '[secret]' } }, to);
  all.push(log);
  return {
    log,
    level: () => log.level,
    setLevel: (next) => {
      for (const one of all) one.level = next;
    },
  };
};
