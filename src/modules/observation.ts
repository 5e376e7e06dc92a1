import type { Ledger, Step } from '../data/ledger.ts';
import type { Hex } from '../domain/hex.ts';
import { blockToRecords } from '../domain/observation/blockToRecords.ts';
import { checkSuccession } from '../domain/observation/checkSuccession.ts';
import { closeOn } from '../operators/closeOn.ts';
import { blocksToLedger } from '../pipelines/observation/blocksToLedger.ts';
import { toLedger } from '../sinks/toLedger.ts';
import { type ChainBlock, type ChainReader, fromChain } from '../streams/fromChain.ts';
import { delivery } from './delivery.ts';
import { type Module, type ModuleDeps, openModule } from './module.ts';

/** Blocks taken in ahead of the commit. */
const CREDITS = 8;

interface Cursor {
  readonly number: number;
  readonly hash: Hex;
}

export interface ObservationDeps extends ModuleDeps {
  readonly reader: ChainReader;
  readonly topic: string;
}

/** The observation module: the finalized chain becomes records of `<name>-chain` (design §6). */
export const openObservation = async (deps: ObservationDeps): Promise<Module> => {
  const { reader, topic, stop$, deadLetter } = deps;
  const { ledger, relayTopic } = await openModule(deps, {});
  const step = (block: ChainBlock): Step => {
    checkSuccession(ledger.cursor('finalized') as Cursor | undefined, block);
    return stepOf(block);
  };
  const stepOf = (block: ChainBlock): Step => ({
    cursor: { name: 'finalized', value: { number: block.number, hash: block.hash } },
    decide: (draft) => {
      for (const message of blockToRecords(block)) draft.send({ topic, ...message });
    },
  });
  const from = (): number => nextHeight(ledger);
  return {
    ledger,
    routes: [
      {
        name: 'the chain is observed',
        running$: blocksToLedger({
          envelopes$: fromChain({ reader, from, credits: CREDITS }).pipe(closeOn(stop$)),
          commit: toLedger(ledger, step),
          delivery,
        }),
      },
      relayTopic(topic),
      relayTopic(deadLetter),
    ],
    close: () => ledger.close(),
  };
};

const nextHeight = (ledger: Ledger): number => {
  const cursor = ledger.cursor('finalized') as Cursor | undefined;
  return cursor === undefined ? 0 : cursor.number + 1;
};
