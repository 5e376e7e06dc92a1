import type { Config } from '../core/configSchema.ts';
import type { PeerReport, PeersReport } from '../domain/peers/peerReport.ts';
import { askCoordinator, ControlError, controlFolder } from '../drivers/http/controlSocket.ts';
import { columns } from './columns.ts';
import { passed } from './passed.ts';
import { printable } from './printable.ts';

export interface PeersCommand {
  readonly json: boolean;
}

const milliseconds = (value: number | null): string =>
  value === null ? '-' : `${value < 10 ? value.toFixed(1) : String(Math.round(value))} ms`;

const short = (validator: string): string => `${validator.slice(0, 10)}…${validator.slice(-4)}`;

const errorOf = ({ lastError }: PeerReport, now: number): string =>
  lastError === null ? '-' : `${lastError.theirs ? 'it said ' : ''}${lastError.code}, ${passed(now - lastError.at)} ago`;

const rowOf = (peer: PeerReport, now: number): string[] => {
  const { validator, state, since, roundTrip, queue, version, protocol, theirs } = peer;
  return [
    short(validator),
    state,
    passed(now - since),
    milliseconds(roundTrip),
    String(queue),
    version === null ? '-' : `${version}${protocol === null ? '' : ` (${String(protocol)})`}`,
    errorOf(peer, now),
    ...(theirs === null
      ? ['never told', '-', '-', '-']
      : [
          `${passed(now - theirs.at)} ago: for ${passed(theirs.at - theirs.since)}`,
          milliseconds(theirs.roundTrip),
          String(theirs.queue),
          theirs.lastError === null ? '-' : `${theirs.lastError.code}, ${passed(theirs.at - theirs.lastError.at)} before`,
        ]),
  ].map(printable);
};

const HEAD = [
  'validator',
  'we see',
  'since',
  'there and back',
  'queue',
  'version',
  'last error',
  'it sees us',
  'there and back',
  'queue',
  'last error',
];

/** The matrix as people read it. */
export const peersText = ({ self, listens, height, peers, refused, stopped }: PeersReport, now: number): string => {
  const connected = peers.filter(({ state }) => state === 'connected').length;
  const why = peers.flatMap((peer) =>
    peer.state === 'connected' || peer.lastError === null
      ? []
      : [`\n${short(peer.validator)}: ${printable(peer.lastError.text)}${peer.address === null ? '' : ` (${printable(peer.address)})`}`],
  );
  const turnedAway = Object.entries(refused).map(([code, count]) => `${code} ${String(count)}`);
  return [
    `${self} at height ${String(height)}, reached at ${listens.map(printable).join(', ')}\n`,
    `${String(connected)} of ${String(peers.length)} connected${turnedAway.length === 0 ? '' : `; refused: ${turnedAway.join(', ')}`}\n\n`,
    ...(stopped === null ? [] : [`No links are held: ${printable(stopped)}\n\n`]),
    columns([HEAD, ...peers.map((peer) => rowOf(peer, now))]),
    ...why,
    ...(why.length === 0 ? [] : ['\n']),
  ].join('');
};

/** Shows how this coordinator, which is running, sees the others, and how each says it sees this one. */
export const showPeers = async ({ general }: Config, { json }: PeersCommand): Promise<void> => {
  const { status, body } = await askCoordinator(controlFolder(general.data_dir, general.name), 'GET', '/peers');
  if (status === 404)
    throw new ControlError('control.refused', 'the coordinator that runs here does not run the connection module; ask where that runs');
  if (body === null) throw new ControlError('control.refused', 'the connection module is not open yet; ask again in a few seconds');
  process.stdout.write(json ? `${JSON.stringify(body)}\n` : peersText(body as PeersReport, Date.now()));
};
