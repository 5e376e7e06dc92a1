import { type DestinationStream, destination, type Logger, pino } from 'pino';

/** Field names whose values never reach a log. */
const SECRET = ['secret', 'secretKey', 'signingSecret', 'identitySeed', 'key', 'password', 'passphrase'];

/** Opens the log: JSON lines to a file, or to standard error; never to standard output, which belongs to answers. */
export const openLog = (level: string, file?: string): Logger => {
  const to: DestinationStream =
    file === undefined ? destination({ dest: 2, sync: true }) : destination({ dest: file, sync: true, mkdir: true });
  return pino({ level, redact: { paths: SECRET.flatMap((name) => [name, `*.${name}`]), censor: '[secret]' } }, to);
};
