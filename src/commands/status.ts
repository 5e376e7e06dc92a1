import type { Config } from '../core/configSchema.ts';
import type { Stage } from '../domain/health/readiness.ts';
import {
  type AttemptStatus,
  type BackupStatus,
  type CoinStatus,
  type SigningStatus,
  type Status,
  status,
} from '../domain/health/status.ts';
import { askCoordinator, ControlError, controlFolder } from '../drivers/http/controlSocket.ts';
import { columns } from './columns.ts';
import { passed } from './passed.ts';
import { printable } from './printable.ts';

export interface StatusCommand {
  readonly json: boolean;
}

/** A part with its heading; nothing where it has no rows. */
const part = (title: string, head: readonly string[], rows: readonly (readonly string[])[]): string =>
  rows.length === 0 ? '' : `\n${title}\n${columns([head, ...rows.map((row) => row.map(printable))])}`;

const moving = ({ name, waiting, movedAt, reason }: Stage, now: number): string[] => [
  name,
  String(waiting),
  waiting === 0 ? '-' : passed(now - movedAt),
  reason ?? '-',
];

const signed = ({ network, session, kind, id, attempt, window, round, state, why, waitsFor }: AttemptStatus): string[] => [
  `${network}/${String(session)}/${kind}/${id}/${String(attempt)}`,
  `${String(window)}, ${String(round)}`,
  state,
  `${why}${waitsFor.length === 0 ? '' : ` (waits for ${String(waitsFor.length)})`}`,
];

const held = ({ network, session, state, members, ours, n, t, keyGen }: SigningStatus['sets'][number]): string[] => [
  `${network} ${String(session)}`,
  state,
  `${String(t)} of ${String(n)}, ${String(members)} validators`,
  ours.join(', '),
  keyGen === null ? '-' : `attempt ${String(keyGen.attempt)}, ${String(keyGen.commitments)} commitments, ${String(keyGen.shares)} shares`,
];

const sums = ({ coin, state, sum, waitsFor }: CoinStatus): string[] => [
  coin,
  state ?? '-',
  sum?.vault ?? '-',
  sum?.required ?? '-',
  sum?.difference ?? '-',
  waitsFor ?? '-',
];

const backup = ({ module, made, verified, failing }: BackupStatus, now: number): string[] => [
  module,
  made === null ? 'never' : `${passed(now - Date.parse(made))} ago`,
  verified === null ? 'never' : `${passed(now - Date.parse(verified))} ago`,
  failing ?? '-',
];

/** What keeps it from its work, worst first. */
const warnings = ({ stuck, findings, chain, signing, deadLetters }: Status): string[] => [
  ...(signing?.quarantine ? [`quarantine since block ${String(signing.quarantine.since)}: ${signing.quarantine.reasons.join('; ')}`] : []),
  ...(chain?.parked ? [`block ${String(chain.parked.height)} cannot be read: ${chain.parked.code}`] : []),
  ...(signing?.stops ?? []).map(({ scope, code, reason }) => `${scope} is stopped (${code}): ${reason}`),
  ...stuck.map(({ stage, since, waiting, why }) => `${stage} stands still since ${since} with ${String(waiting)}: ${why}`),
  ...findings
    .filter(({ code }) => code !== 'stage.stuck')
    .map(({ subject, found, code }) => `${subject}: ${found}${code === undefined ? '' : ` (${code})`}`),
  ...(deadLetters !== null && deadLetters.open > 0 ? [`${String(deadLetters.open)} dead letters are open; see dlq list`] : []),
];

/** How a coordinator stands, as people read it. */
export const statusText = (now: Status): string => {
  const { version, name, ready, chain, signing, solvency, backups, peers, stages, time } = now;
  const at = Date.parse(time);
  const connected = peers?.peers.filter(({ state }) => state === 'connected').length;
  const lines = [
    `${name} ${version}: ${ready ? 'ready' : 'not ready'}`,
    ...warnings(now).map((line) => `! ${printable(line)}`),
    `observed   ${chain?.finalized ? `block ${String(chain.finalized.number)}` : 'nothing yet'}`,
    `decided    ${signing?.head ? `block ${String(signing.head.number)}, ${passed(at - Date.parse(signing.head.time))} old` : 'nothing yet'}`,
    `to sign    ${signing === null ? '-' : String(signing.open)}`,
    `peers      ${peers === null || connected === undefined ? '-' : `${String(connected)} of ${String(peers.peers.length)} connected`}`,
  ];
  return [
    `${lines.join('\n')}\n`,
    part('Being signed', ['what', 'window, round', 'state', 'why'], (signing?.attempts ?? []).map(signed)),
    part('Sets', ['set', 'state', 'threshold', 'our shares', 'key generation'], (signing?.sets ?? []).map(held)),
    part('Solvency', ['coin', 'state', 'vault', 'required', 'difference', 'waits for'], (solvency ?? []).map(sums)),
    part(
      'Stages with work',
      ['stage', 'waiting', 'for', 'what was in the way'],
      stages.filter(({ waiting }) => waiting > 0).map((stage) => moving(stage, at)),
    ),
    part(
      'Backups',
      ['module', 'made', 'found whole', 'failing'],
      (backups ?? []).map((one) => backup(one, at)),
    ),
  ].join('');
};

/** Shows how the running coordinator stands; throws ControlError `control.not-running` where none runs. */
export const showStatus = async ({ general }: Config, { json }: StatusCommand): Promise<void> => {
  const { body } = await askCoordinator(controlFolder(general.data_dir, general.name), 'GET', '/status');
  if (json) {
    process.stdout.write(`${JSON.stringify(body)}\n`);
    return;
  }
  const read = status.safeParse(body);
  if (!read.success)
    throw new ControlError(
      'control.refused',
      'the coordinator that runs here is of another version; use the same one, or --json to see its answer as it is',
      { cause: read.error },
    );
  process.stdout.write(statusText(read.data));
};
