import { mergeMap, Observable } from 'rxjs';
import type { Ledger, Step } from '../data/ledger.ts';
import { heightHeard, understandHeight } from '../domain/connection/heights.ts';
import {
  accept,
  isPeerLane,
  markOf,
  type PeerDeed,
  peerLane,
  placeOf,
  type Received,
  takeLinkEpoch,
  understandOutbound,
  wanted,
} from '../domain/connection/links.ts';
import type { Hex } from '../domain/hex.ts';
import { peerMessage } from '../domain/peers/peerMessage.ts';
import type { Topics } from '../domain/topics.ts';
import { closeOn } from '../operators/closeOn.ts';
import { framesToLedger } from '../pipelines/connection/framesToLedger.ts';
import { relay } from '../pipelines/relay.ts';
import { toLedger } from '../sinks/toLedger.ts';
import { type PeerParcel, toPeer } from '../sinks/toPeer.ts';
import { fromOutbox } from '../streams/fromOutbox.ts';
import { fromPeers, type PeerFrame, type PeerNetwork } from '../streams/fromPeers.ts';
import { delivery } from './delivery.ts';
import { type Module, type ModuleDeps, openModule } from './module.ts';

export interface ConnectionDeps extends ModuleDeps {
  readonly self: Hex;
  readonly topics: Topics;
  /** The reader of `<name>-inbound`. */
  readonly crypto: string;
  /** Whose orders on `<name>-control` count. */
  readonly operator: string;
  readonly integrity: string;
  /** Opens the links, in the epoch the module's ledger has just taken; `height` is that of the last block heard of, -1 before the first. */
  readonly openPeers: (epoch: number, height: () => number) => Promise<PeerNetwork>;
}

/** Frames of different peers share commits; each peer's own come one at a time. */
const PEERS_AT_ONCE = 64;

/** A frame that says something else than the link it came on, or leaves a number out. */
class FrameError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'FrameError';
    this.code = code;
  }
}

const text = new TextDecoder('utf-8', { fatal: true });

const readParcel = ([row]: readonly Uint8Array[]): PeerParcel => {
  const { epoch, sequence, body } = JSON.parse(text.decode(row)) as PeerDeed;
  return { epoch, sequence, body: new TextEncoder().encode(body) };
};

/** The connection module: messages between our crypto module and the other validators' coordinators (design §9). */
export const openConnection = async (deps: ConnectionDeps): Promise<Module> => {
  const { self, topics, stop$, deadLetter, crypto } = deps;
  const module = await openModule(deps, { [topics.inbound]: crypto });
  const { ledger } = module;
  let epoch = 0;
  await ledger.commit({
    decide: (draft) => {
      epoch = takeLinkEpoch(draft, Date.now());
    },
  });
  const context = { self, epoch, inbound: topics.inbound };
  const network = await deps.openPeers(epoch, () => heightHeard(ledger));

  const heardSince = new Set<string>();

  const decode = ({ from, epoch: of, sequence, body }: PeerFrame): Received => {
    const message = peerMessage.parse(JSON.parse(text.decode(body)));
    if (message.from !== from || message.to !== self)
      throw new FrameError('peer.foreign-message', `${from} sent a message of ${message.from} for ${message.to}`);
    const received = { from, epoch: of, sequence, message };
    // The first frame of a peer's epoch since our start may stand behind a gap: then it is our store that was rolled back, for what it
    // acknowledged does not come again. What was in the gap is of a life that is lost.
    const link = `${from}#${String(of)}`;
    if (heardSince.has(link) && placeOf(ledger, received) === 'gap')
      throw new FrameError('peer.gap', `${from} left out messages before number ${String(sequence)} of epoch ${String(of)}`);
    heardSince.add(link);
    return received;
  };

  const step = (received: Received): Step => ({
    marks: [markOf(received)],
    decide: (draft, standing) => {
      if (placeOf(draft, received) !== 'known') accept(draft, context, received, standing(markOf(received).id) !== 'duplicate');
    },
  });

  return {
    ledger,
    routes: [
      module.read({ topic: topics.chain, sealed: false, refused: 'dead-letter', understand: understandHeight }),
      module.read({ topic: topics.outbound, sealed: true, refused: 'dead-letter', understand: understandOutbound(context) }),
      module.readControl({ topic: topics.control, operator: deps.operator, integrity: deps.integrity, obey: () => undefined }),
      module.relayTopic(topics.inbound),
      module.relayTopic(deadLetter),
      {
        name: 'peers are heard',
        running$: module.counterpartsKnown$.pipe(
          closeOn(stop$),
          mergeMap(() =>
            framesToLedger({
              envelopes$: fromPeers(network).pipe(closeOn(stop$)),
              decode,
              commit: toLedger(ledger, step),
              delivery: { ...delivery, concurrency: PEERS_AT_ONCE },
            }),
          ),
        ),
      },
      {
        name: 'peers are told',
        running$: validatorsWanted(ledger).pipe(
          closeOn(stop$),
          mergeMap((validator) => {
            const lane = peerLane(validator);
            return relay({
              envelopes$: fromOutbox({ lane: ledger.lane(lane), name: lane, most: 1 }).pipe(closeOn(stop$)),
              read: readParcel,
              send: toPeer(network, validator),
              delivery: module.deliveryOf(lane),
            });
          }),
        ),
      },
      { name: 'links are held', running$: admitWanted(ledger, network).pipe(closeOn(stop$)) },
    ],
    stages: () => module.stages(isPeerLane),
    close: async () => {
      await network.close();
      await ledger.close();
    },
  };
};

/** Each validator we hold a link to, once. `new Observable`, because the ledger tells of commits by callback. */
const validatorsWanted = (ledger: Ledger): Observable<Hex> =>
  new Observable((subscriber) => {
    const known = new Set<Hex>();
    return ledger.onCommit(() => {
      for (const [, { validator }] of wanted.rows(ledger)) {
        if (known.has(validator)) continue;
        known.add(validator);
        subscriber.next(validator);
      }
    });
  });

/** Keeps the links' list of admitted validators as it was asked for. */
const admitWanted = (ledger: Ledger, network: PeerNetwork): Observable<never> =>
  new Observable(() => {
    let admitted = -1;
    return ledger.onCommit(() => {
      const validators = [...wanted.rows(ledger)].map(([, { validator }]) => validator);
      if (validators.length !== admitted) network.admit(validators);
      admitted = validators.length;
    });
  });
