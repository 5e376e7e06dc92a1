import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../core/configError.ts';
import type { Config } from '../core/configSchema.ts';
import { openLog } from '../core/log.ts';
import { type Report, report } from '../domain/crypto/reports.ts';
import { topicsOf } from '../domain/topics.ts';
import { openKafkaAdmin } from '../drivers/kafka/openKafkaAdmin.ts';
import { kafkaConnection } from './kafkaConnection.ts';
import { jsonOf } from './readReports.ts';
import { writeAsOperator } from './writeAsOperator.ts';

export interface ResumeCommand {
  /** Whether to go on though not everyone has answered. */
  readonly force: boolean;
  readonly reason: string;
  /** Seconds the coordinator has to answer. */
  readonly timeout: number;
  readonly json: boolean;
}

const LEAVE_QUARANTINE = 'serai.control.leave-quarantine.v1';

type Resumed = Extract<Report, { type: 'serai.report.resumed.v1' }>['data'];
type NotResumed = Extract<Report, { type: 'serai.report.not-resumed.v1' }>['data'];

/** The coordinator did not answer an order in time. */
export class ResumeTimeout extends Error {
  readonly code = 'resume.timeout';
  readonly exitCode = 7;

  constructor(seconds: number) {
    super(
      `the coordinator has not answered within ${String(seconds)} s: the order stands on its topic, and is carried out when the crypto module runs`,
    );
    this.name = 'ResumeTimeout';
  }
}

/** What a coordinator that left quarantine tells, for people: what is burnt, what was found, and what may be done next. */
export const accountText = ({ upTo, forced, reasons, since, epoch, head, peers, processors, signables, keyGens }: Resumed): string =>
  [
    `resumed in epoch ${String(epoch)}${forced ? ', forced' : ''}; in quarantine since block ${String(since)}, because`,
    ...reasons.map((reason) => `  ${reason}`),
    `burnt: whatever begins at or below block ${String(upTo)}, for good, here and at the processors`,
    `  our own finalized head: ${String(head.number)}`,
    ...peers.map(({ validator, height }) => `  validator ${validator}: ${String(height)}`),
    ...processors.map(({ network, height }) => `  processor of ${network}: ${height < 0 ? 'told of no block' : String(height)}`),
    ...(signables.length === 0 ? ['nothing waits to be signed'] : ['to be signed, each in its next windows:']),
    ...signables.map(({ signable, window, from }) => `  ${signable}: from block ${String(from)}, window ${String(window)}`),
    ...keyGens.map(({ set, attempt, from }) => `key generation of ${set}: with attempt ${String(attempt)}, from block ${String(from)}`),
    '',
  ].join('\n');

/** Orders a coordinator to leave quarantine and prints its account; false where it stays in it, with the reasons. */
export const resumeCoordinator = async (config: Config, { force, reason, timeout, json }: ResumeCommand): Promise<boolean> => {
  if (timeout < 1) throw new ConfigError('config.invalid', '--timeout takes seconds, 1 or more');
  const topics = topicsOf(config.general.name);
  await using opened = new AsyncDisposableStack();
  const connection = await kafkaConnection(config, openLog(config.general.log_level));
  const kafka = opened.adopt(await openKafkaAdmin(connection), (it) => it.close());
  const { end } = await kafka.bounds(topics.reports);
  const id = `${LEAVE_QUARANTINE}/${new Date().toISOString()}`;
  const answer = Promise.withResolvers<Resumed | NotResumed>();
  const stop = kafka.feed.read(
    topics.reports,
    end,
    (record) => {
      const told = report.safeParse({ type: record.headers['ce_type'], data: jsonOf(record) });
      if (
        told.success &&
        (told.data.type === 'serai.report.resumed.v1' || told.data.type === 'serai.report.not-resumed.v1') &&
        told.data.data.order === id
      )
        answer.resolve(told.data.data);
      return Promise.resolve();
    },
    answer.reject,
  );
  opened.defer(stop);
  await writeAsOperator(config, {
    topic: topics.control,
    type: LEAVE_QUARANTINE,
    id,
    time: new Date().toISOString(),
    data: { force, reason },
  });
  const late = new AbortController();
  opened.defer(() => {
    late.abort();
  });
  const told = await Promise.race([
    answer.promise,
    sleep(timeout * 1000, undefined, { signal: late.signal }).then(() => {
      throw new ResumeTimeout(timeout);
    }),
  ]);
  const isResumed = 'upTo' in told;
  if (json) process.stdout.write(`${JSON.stringify({ resumed: isResumed, ...told })}\n`);
  else if (isResumed) process.stdout.write(accountText(told));
  else process.stderr.write(`not resumed:\n${told.reasons.map((line) => `  ${line}\n`).join('')}`);
  return isResumed;
};
