import { defer, from } from 'rxjs';
import type { Ledger, Step } from '../data/ledger.ts';
import type { Stage } from '../domain/health/readiness.ts';
import type { Hex } from '../domain/hex.ts';
import { blockToRecords } from '../domain/observation/blockToRecords.ts';
import { ChainError } from '../domain/observation/chainError.ts';
import { checkSuccession } from '../domain/observation/checkSuccession.ts';
import type { BlockRef } from '../domain/observation/fields.ts';
import type { ObservedBlock } from '../domain/observation/observedBlock.ts';
import { deadLetterOf, parks } from '../domain/observation/parked.ts';
import type { Interest } from '../domain/observation/tellInterest.ts';
import { Draft, table } from '../domain/tables.ts';
import { closeOn } from '../operators/closeOn.ts';
import { retryParked } from '../operators/retryParked.ts';
import { blocksToLedger } from '../pipelines/observation/blocksToLedger.ts';
import { toLedger } from '../sinks/toLedger.ts';
import { type ChainReader, fromChain, type Start } from '../streams/fromChain.ts';
import { delivery } from './delivery.ts';
import { type Module, type ModuleDeps, openModule } from './module.ts';

/** Blocks taken in ahead of their commit; those that wait share one write. */
const CREDITS = 32;

export interface ObservationDeps extends ModuleDeps {
  readonly reader: ChainReader;
  readonly topic: string;
  readonly interest: Interest;
  /** The height to begin at where nothing was observed yet. */
  readonly startHeight: number;
}

/** Which chain the store is of. */
const chains = table<{ readonly genesisHash: Hex; readonly profile: string }>('chain');

/** The watched values as they were published last, by type and subject. */
const published = table<string>('published');

/** The block the lane is parked at, if it is. */
const parkedAt = table<{ readonly height: number; readonly code: string; readonly reason: string }>('parked');

/** The observation module: the finalized chain becomes records of `<name>-chain` (design §6). */
export const openObservation = async (deps: ObservationDeps): Promise<Module> => {
  const { reader, topic, stop$, deadLetter, source, interest, startHeight } = deps;
  const { ledger, relayTopic, stages, tracing } = await openModule(deps, {}, { open: [topic] });
  await checkChain(ledger, reader);

  const start = (): Start => {
    const after = cursorOf(ledger);
    return after === undefined ? { height: startHeight } : { height: after.number + 1, after };
  };

  /** Steps for the blocks of one subscription, each on top of the one before, though that one may still wait for its commit. */
  const recorder = (): ((block: ObservedBlock) => Step) => {
    let last = cursorOf(ledger);
    const values = new Map(published.rows(ledger));
    return (block) => {
      checkSuccession(last, block);
      const told = blockToRecords(block, values, interest);
      last = { number: block.number, hash: block.hash };
      for (const [key, value] of told.published) values.set(key, value);
      return {
        cursor: { name: 'finalized', value: { number: block.number, hash: block.hash } },
        decide: (draft) => {
          for (const [key, value] of told.published) published.put(draft, key, value);
          if (parkedAt.get(draft, '') !== undefined) parkedAt.delete(draft, '');
          // The block's own record ends the run: what is signed does not depend on how many blocks share a commit.
          const own = new Draft(draft);
          for (const message of told.records) own.send({ topic, ...message, endsRun: message.type === 'serai.chain.block.v1' });
          tracing?.ofBlock(own, block);
          draft.absorb(own);
        },
      };
    };
  };

  const keep = (error: ChainError) => {
    deps.parked(error);
    const height = start().height;
    const letter = deadLetterOf(error, { height, topic, source });
    const step: Step = {
      marks: [letter.mark],
      decide: (draft, standing) => {
        parkedAt.put(draft, '', { height, code: error.code, reason: error.message });
        if (standing(letter.mark.id) === 'new') draft.send({ topic: deadLetter, ...letter.message });
      },
    };
    return from(ledger.commit(step));
  };

  let parkedSince: number | undefined;
  const parkedStage = (): Stage[] => {
    const parked = parkedAt.get(ledger, '');
    parkedSince = parked === undefined ? undefined : (parkedSince ?? Date.now());
    if (parked === undefined || parkedSince === undefined) return [];
    const reason = `parked at block ${String(parked.height)}: ${parked.code}: ${parked.reason}`;
    return [{ name: 'the chain is observed', waiting: 1, movedAt: parkedSince, reason }];
  };

  const stillStage = followStage(reader, () => cursorOf(ledger)?.number ?? startHeight - 1);

  return {
    ledger,
    routes: [
      {
        name: 'the chain is observed',
        running$: defer(() =>
          blocksToLedger({
            envelopes$: fromChain({ reader, from: start, credits: CREDITS }).pipe(closeOn(stop$)),
            commit: toLedger(ledger, recorder()),
            delivery: { ...delivery, concurrency: CREDITS },
            timing: tracing?.decisions,
          }),
        ).pipe(retryParked({ parks, keep, pause: deps.parkedFor, stop$ })),
      },
      relayTopic(topic),
      relayTopic(deadLetter),
    ],
    stages: () => [...stages(), ...parkedStage(), ...stillStage()],
    section: () => {
      const parked = parkedAt.get(ledger, '');
      return {
        chain: {
          genesisHash: reader.genesisHash,
          profile: reader.profile,
          finalized: cursorOf(ledger) ?? null,
          parked: parked === undefined ? null : { height: parked.height, code: parked.code },
          node: reader.standing(),
        },
      };
    },
    close: () => ledger.close(),
  };
};

/** Where the finalized chain is followed: the node's head has to rise, and we have to come after it. */
const followStage = (reader: ChainReader, recorded: () => number): (() => Stage[]) => {
  let at = recorded();
  let movedAt = Date.now();
  return () => {
    const { endpoint, head, risenAt, failure } = reader.standing();
    const away = failure === null ? '' : ` (${failure})`;
    const now = recorded();
    const behind = Math.max(0, (head ?? now) - now);
    if (now !== at || behind === 0) movedAt = Date.now();
    at = now;
    return [
      {
        name: 'finalized heads are heard of',
        waiting: 1,
        movedAt: risenAt,
        patience: reader.silence,
        reason: `${endpoint} tells of none above ${head === null ? 'genesis' : String(head)}${away}`,
      },
      { name: 'finalized blocks are recorded', waiting: behind, movedAt, ...(behind === 0 ? {} : { reason: `behind ${endpoint}${away}` }) },
    ];
  };
};

const cursorOf = (ledger: Ledger): BlockRef | undefined => ledger.cursor('finalized') as BlockRef | undefined;

/** Remembers the chain at the first start, and refuses any other one later: `chain.wrong-genesis`, `chain.wrong-profile`. */
const checkChain = async (ledger: Ledger, { genesisHash, profile }: ChainReader): Promise<void> => {
  const known = chains.get(ledger, '');
  const cure = 'correct the endpoint, or use another name and data folder';
  if (known === undefined) {
    await ledger.commit({
      decide: (draft) => {
        chains.put(draft, '', { genesisHash, profile });
      },
    });
    return;
  }
  if (known.genesisHash !== genesisHash)
    throw new ChainError(
      'chain.wrong-genesis',
      `the node has genesis block ${genesisHash}, this store is of ${known.genesisHash}; ${cure}`,
    );
  if (known.profile !== profile)
    throw new ChainError(
      'chain.wrong-profile',
      `the chain's byte layout is ${profile}, this store is of a ${known.profile} chain; ${cure}`,
    );
};
