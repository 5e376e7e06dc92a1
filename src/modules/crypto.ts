import { mergeMap, Observable } from 'rxjs';
import type { Ledger } from '../data/ledger.ts';
import { reopenRounds } from '../domain/crypto/confirm.ts';
import type { CryptoContext } from '../domain/crypto/context.ts';
import { enterEpoch, resume } from '../domain/crypto/quarantine.ts';
import { signingStatus } from '../domain/crypto/signingStatus.ts';
import { ownEpoch, quarantine } from '../domain/crypto/standing.ts';
import { obeyOrder } from '../domain/crypto/stops.ts';
import { traceAbout } from '../domain/crypto/traceAbout.ts';
import { processorOpened, understandChain, understandExternal, understandPeer, understandReply } from '../domain/crypto/understand.ts';
import type { Stage } from '../domain/health/readiness.ts';
import type { Topics } from '../domain/topics.ts';
import { closeOn } from '../operators/closeOn.ts';
import { relay } from '../pipelines/relay.ts';
import { type ChainCall, type ChainSubmitter, toChain } from '../sinks/toChain.ts';
import { fromOutbox } from '../streams/fromOutbox.ts';
import { type Module, type ModuleDeps, type ModuleShapes, openModule, type Route } from './module.ts';

export interface CryptoDeps extends ModuleDeps {
  readonly context: CryptoContext;
  readonly topics: Topics;
  readonly submitter: ChainSubmitter;
  /** The reader of `<name>-outbound`. */
  readonly connection: string;
  /** Whose orders on `<name>-control` count. */
  readonly operator: string;
  readonly integrity: string;
  /** The reader of each network's commands. */
  readonly processor: (network: CryptoContext['networks'][number]) => string;
}

/** While it lasts nothing is begun: a stage that stands still, with the reason. */
const quarantineStage = (ledger: Ledger): Stage[] => {
  const state = quarantine.get(ledger, '');
  if (state === undefined) return [];
  const reason = `in quarantine: ${state.reasons.join('; ')}; look at docs/data.md, then "resume"`;
  return [{ name: 'the coordinator acts', waiting: 1, movedAt: 0, reason }];
};

/** Where others have seen an epoch of ours that is not below this one, the next one is taken. `new Observable`, because the ledger tells of commits by callback. */
const keepEpochAbove = ({ ledger, enterAbove, ...module }: ModuleShapes): Observable<never> =>
  new Observable((subscriber) => {
    let entering = false;
    return ledger.onCommit(() => {
      const floor = quarantine.get(ledger, '')?.floor ?? 0;
      if (entering || floor < (ownEpoch.get(ledger, '')?.epoch ?? module.epoch)) return;
      entering = true;
      enterAbove(floor).then(
        () => {
          entering = false;
        },
        (error: unknown) => {
          subscriber.error(error);
        },
      );
    });
  });

const readCall = ([row]: readonly Uint8Array[]): ChainCall => JSON.parse(new TextDecoder().decode(row)) as ChainCall;

/** The crypto module: key generation, parties and signing, between our processors and the other validators (design §7, §8). */
export const openCrypto = async (deps: CryptoDeps): Promise<Module> => {
  const { context, topics, submitter, stop$, deadLetter } = deps;
  const { networks } = context;
  const commands = Object.fromEntries(networks.map((network) => [topics.commands(network), deps.processor(network)]));
  const module = await openModule(
    deps,
    { ...commands, [topics.outbound]: deps.connection },
    {
      open: [topics.reports],
      about: traceAbout(context),
      entered: (draft, { epoch, instance, signs, tail }) => {
        const written = Object.fromEntries(networks.map((network) => [network, tail(topics.commands(network)).sequence.toString()]));
        enterEpoch(draft, context, { epoch, instance, signs, commands: written });
        reopenRounds(draft, context);
      },
    },
  );
  const { ledger } = module;

  /** Decisions on the chain make sealed messages, so they wait until the readers of those have announced their keys. */
  const onceCounterpartsAreKnown = ({ name, running$ }: Route): Route => ({
    name,
    running$: module.counterpartsKnown$.pipe(
      closeOn(stop$),
      mergeMap((): Observable<never> => running$),
    ),
  });

  return {
    ledger,
    routes: [
      // The chain's order bears meaning: nothing of it may be passed over. Of processors and peers, what cannot be handled is kept aside.
      onceCounterpartsAreKnown(module.read({ topic: topics.chain, sealed: false, refused: 'park', understand: understandChain(context) })),
      onceCounterpartsAreKnown(
        module.read({
          topic: topics.serai,
          sealed: false,
          refused: 'dead-letter',
          understand: understandExternal(context, deps.processor),
        }),
      ),
      module.read({ topic: topics.inbound, sealed: true, refused: 'dead-letter', understand: understandPeer(context) }),
      ...networks.map((network) =>
        module.read({
          topic: topics.replies(network),
          sealed: true,
          refused: 'dead-letter',
          understand: understandReply(context, network),
          opened: processorOpened(context, network),
        }),
      ),
      module.readControl({
        topic: topics.control,
        operator: deps.operator,
        integrity: deps.integrity,
        obey: (draft, order, id) => {
          if (order.type === 'serai.control.leave-quarantine.v1') resume(draft, context, { id, force: order.data.force });
          else obeyOrder(draft, order);
        },
      }),
      { name: 'epochs are above those seen by others', running$: keepEpochAbove(module).pipe(closeOn(stop$)) },
      ...[...networks.map(topics.commands), topics.outbound, topics.reports, deadLetter].map(module.relayTopic),
      {
        name: 'calls go to the chain',
        running$: relay({
          envelopes$: fromOutbox({ lane: ledger.lane('chain'), name: 'chain', most: 1 }).pipe(closeOn(stop$)),
          read: readCall,
          send: toChain(submitter),
          delivery: module.deliveryOf('chain'),
          timing: module.tracing?.calls(),
        }),
      },
    ],
    stages: () => [...module.stages(), ...quarantineStage(ledger)],
    section: () => ({ signing: signingStatus(ledger, context) }),
    close: () => ledger.close(),
  };
};
