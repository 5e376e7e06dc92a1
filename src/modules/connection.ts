import { defer, mergeMap, Observable, takeUntil } from 'rxjs';
import type { Ledger, Step } from '../data/ledger.ts';
import {
  accept,
  addressesHeard,
  isPeerLane,
  knownAddresses,
  knownStart,
  markOf,
  type PeerDeed,
  peerLane,
  type Received,
  startSeen,
  understandOutbound,
  validatorOf,
} from '../domain/connection/links.ts';
import { currentPlace, lastGivenUp, lastReceived, lastSent, leaveEpoch, placeOf, receivedUpTo } from '../domain/connection/places.ts';
import { admitted, changesOf, heightHeard, isGone, understandChain, wantedLinks } from '../domain/connection/validators.ts';
import type { Stage } from '../domain/health/readiness.ts';
import type { Hex } from '../domain/hex.ts';
import { isAfter } from '../domain/peers/frames.ts';
import { PeerError } from '../domain/peers/peerError.ts';
import { checkSignature, readPeerMessage } from '../domain/peers/peerMessage.ts';
import type { PeersReport } from '../domain/peers/peerReport.ts';
import { Draft } from '../domain/tables.ts';
import type { Topics } from '../domain/topics.ts';
import type { Fault } from '../envelope/envelope.ts';
import { closeOn } from '../operators/closeOn.ts';
import type { ThroughOptions } from '../operators/through.ts';
import { framesToLedger } from '../pipelines/connection/framesToLedger.ts';
import { relay } from '../pipelines/relay.ts';
import { type PeerParcel, toPeer } from '../sinks/toPeer.ts';
import { fromOutbox } from '../streams/fromOutbox.ts';
import { fromPeers, type PeerEvent, type PeerFrame, type PeerMemory, type PeerNetwork } from '../streams/fromPeers.ts';
import { delivery } from './delivery.ts';
import { type Module, type ModuleDeps, openModule } from './module.ts';

export interface ConnectionDeps extends ModuleDeps {
  readonly self: Hex;
  readonly genesisHash: Hex;
  readonly topics: Topics;
  /** The reader of `<name>-inbound`. */
  readonly crypto: string;
  /** Whose orders on `<name>-control` count. */
  readonly operator: string;
  readonly integrity: string;
  /** Opens the links; what they have to know is read from the module's ledger. */
  readonly openPeers: (memory: PeerMemory) => Promise<PeerNetwork>;
}

/** The connection module when it is open. */
export interface ConnectionModule extends Module {
  /** How the links stand. */
  readonly peers: () => PeersReport;
}

/** Frames of different peers share commits; so do those of one that wait together. */
const FRAMES_AT_ONCE = 256;

/** Messages for one validator that are sent together, each with its own acknowledgement. */
const PARCELS_AT_ONCE = 64;

/** Of such groups the next one goes out while the one before it is acknowledged. */
const BATCHES_AT_ONCE = 2;

const text = new TextDecoder('utf-8', { fatal: true });

const readParcels = (rows: readonly Uint8Array[]): readonly PeerParcel[] =>
  rows.map((row) => {
    const { body, ...deed } = JSON.parse(text.decode(row)) as PeerDeed;
    return { ...deed, body: new TextEncoder().encode(body) };
  });

/** A frame is refused alone: the link it came on ends, and the others go on. */
const framesDelivery: ThroughOptions = {
  ...delivery,
  concurrency: FRAMES_AT_ONCE,
  classify: (cause): Fault => (cause instanceof PeerError ? { kind: 'poison', code: cause.code, cause } : delivery.classify(cause)),
};

/** The connection module: messages between our crypto module and the other validators' coordinators (design §9). */
export const openConnection = async (deps: ConnectionDeps): Promise<ConnectionModule> => {
  const { self, genesisHash, topics, stop$, deadLetter, crypto } = deps;
  let start: { readonly epoch: number; readonly instance: Hex } | undefined;
  const module = await openModule(
    deps,
    { [topics.inbound]: crypto },
    {
      entered: (draft, { epoch, instance }) => {
        // Another epoch within one life: others had seen a later one of ours.
        if (start !== undefined) leaveEpoch(draft, ledger, { from: start.epoch, to: epoch, waiting: waitingFor(ledger) });
        start = { epoch, instance };
      },
    },
  );
  const { ledger } = module;
  const startNow = (): NonNullable<typeof start> => {
    if (start === undefined) throw new Error('no epoch was entered');
    return start;
  };
  const network = await deps.openPeers({
    start: startNow,
    enterAbove: async (epoch) => {
      deps.rolledBack?.(deps.source, [`other validators have seen epoch ${String(epoch)} of ours`]);
      await module.enterAbove(epoch);
    },
    height: () => heightHeard(ledger),
    known: (validator) => knownStart(ledger, validator),
    received: (validator) => lastReceived(ledger, validator),
    sent: (validator) => lastSent(ledger, validator),
    givenUp: (validator) => lastGivenUp(ledger, validator),
    addresses: () => knownAddresses(ledger),
    waiting: () => waitingFor(ledger),
  });

  const heardSince = new Set<Hex>();

  const decode = ({ from, epoch: of, sequence, body, ...traced }: PeerFrame): Received => {
    const message = readPeerMessage(body, { from, to: self, genesis: genesisHash });
    // What is known is only acknowledged once more.
    if (placeOf(ledger, from, { epoch: of, sequence }) !== 'known') checkSignature(message);
    return { from, epoch: of, sequence, message, ...traced };
  };

  /** Complete means durable: the message, and its number. A number beyond a gap is refused. */
  const commit = (received: Received) =>
    defer(async () => {
      const mark = markOf(received);
      const seen = { gap: false };
      const step: Step = {
        marks: [mark],
        decide: (draft, standing) => {
          const place = placeOf(draft, received.from, received);
          // The first message of a peer since our start may stand behind a gap: then it is our store that was rolled back, for what it
          // acknowledged does not come again. What was in the gap is of a life that is lost.
          seen.gap = place === 'gap' && heardSince.has(received.from);
          if (place === 'known' || seen.gap) return;
          const own = new Draft(draft);
          accept(own, topics, received, standing(mark.id) !== 'duplicate');
          module.tracing?.ofPeer(own, received);
          draft.absorb(own);
          heardSince.add(received.from);
        },
      };
      await ledger.commit(step);
      const { from, epoch: of, sequence } = received;
      if (seen.gap) throw new PeerError('peer.gap', `${from} left out messages before number ${String(sequence)} of epoch ${String(of)}`);
    });

  const stopped = (): Stage[] => {
    const reason = network.report().stopped;
    return reason === null ? [] : [{ name: 'links are held', waiting: 1, movedAt: 0, reason }];
  };

  return {
    ledger,
    routes: [
      module.read({ topic: topics.chain, sealed: false, refused: 'dead-letter', understand: understandChain }),
      module.read({
        topic: topics.outbound,
        sealed: true,
        refused: 'dead-letter',
        understand: understandOutbound({ self, epoch: () => startNow().epoch }),
      }),
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
              commit,
              delivery: framesDelivery,
              timing: module.tracing?.decisions,
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
            const how = module.deliveryOf(lane);
            return relay({
              envelopes$: fromOutbox({ lane: ledger.lane(lane), name: lane, most: PARCELS_AT_ONCE, credits: BATCHES_AT_ONCE }),
              read: readParcels,
              send: toPeer({
                network,
                to: validator,
                isGone: () => isGone(ledger, validator),
                placeOf: (place) => currentPlace(ledger, place),
              }),
              delivery: { ...how, concurrency: BATCHES_AT_ONCE },
              timing: module.tracing?.parcels(validator),
            });
          }),
          // What a peer has not acknowledged is sent again after the next start: nobody waits for those who are away.
          takeUntil(stop$),
        ),
      },
      { name: 'links are held', running$: holdLinks(ledger, network).pipe(closeOn(stop$)) },
    ],
    stages: () => [...withReasons(module.stages(isPeerLane), network), ...stopped()],
    peers: () => network.report(),
    close: async () => {
      await network.close();
      await ledger.close();
    },
  };
};

/** Says of what waits for a peer why it does. */
const withReasons = (stages: readonly Stage[], network: PeerNetwork): Stage[] => {
  const away = new Map(network.report().peers.flatMap((peer) => (peer.state === 'connected' ? [] : [[peerLane(peer.validator), peer]])));
  return stages.map((stage) => {
    const peer = stage.waiting === 0 ? undefined : away.get(stage.name.slice(stage.name.indexOf(peerLane('0x'))));
    if (peer === undefined) return stage;
    const { lastError, state } = peer;
    return { ...stage, reason: lastError === null ? state : `${state}: ${lastError.code}: ${lastError.text}` };
  });
};

/** Each validator we hold a link to, or have something to say to, once. `new Observable`, because the ledger tells of commits by callback. */
const validatorsWanted = (ledger: Ledger): Observable<Hex> =>
  new Observable((subscriber) => {
    const known = new Set<Hex>();
    return ledger.onCommit(() => {
      for (const validator of [...wantedLinks(ledger), ...waitingFor(ledger).keys()]) {
        if (known.has(validator)) continue;
        known.add(validator);
        subscriber.next(validator);
      }
    });
  });

/** How many messages wait, by validator. */
const waitingFor = (ledger: Ledger): ReadonlyMap<Hex, number> =>
  new Map(ledger.lanes.flatMap(([lane, { waiting }]) => (isPeerLane(lane) && waiting > 0 ? [[validatorOf(lane), waiting]] : [])));

/** Keeps what the links have to remember, and the list of those they are held to. */
const holdLinks = (ledger: Ledger, network: PeerNetwork): Observable<never> =>
  new Observable((subscriber) => {
    const keep = (event: PeerEvent): void => {
      const decide = (draft: Draft): void => {
        decideOn(draft, event);
      };
      ledger.commit({ decide }).catch((error: unknown) => {
        subscriber.error(error);
      });
    };
    const stopKeeping = network.events(keep);
    let held = -1;
    const stopHolding = ledger.onCommit(() => {
      const changes = changesOf(ledger);
      if (changes === held) return;
      held = changes;
      network.hold(admitted(ledger), wantedLinks(ledger));
    });
    return () => {
      stopHolding();
      stopKeeping();
    };
  });

const decideOn = (draft: Draft, event: PeerEvent): void => {
  switch (event.kind) {
    case 'started':
      startSeen(draft, event.validator, event.start);
      return;
    case 'given-up': {
      const known = lastReceived(draft, event.validator);
      if (known === undefined || isAfter(event.upTo, known)) receivedUpTo(draft, event.validator, event.upTo);
      return;
    }
    case 'addresses':
      addressesHeard(draft, event.record, event.bytes);
      return;
  }
};
