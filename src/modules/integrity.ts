import { letterData } from '../domain/deadLetter/letter.ts';
import { letterClosed, lettersStatus, letterWritten } from '../domain/deadLetter/openLetters.ts';
import { bookChainRecord, bookExternalRecord, heedOrder, type IntegrityContext, staleNetworks } from '../domain/solvency/integrity.ts';
import { solvencyStatus } from '../domain/solvency/solvencyStatus.ts';
import type { Topics } from '../domain/topics.ts';
import { type Module, type ModuleDeps, openModule } from './module.ts';

export interface IntegrityDeps extends ModuleDeps {
  readonly context: IntegrityContext;
  readonly topics: Topics;
  readonly operator: string;
}

/** The integrity module: holds what vaults hold against what Serai has booked, from the topics alone (design §11). */
export const openIntegrity = async (deps: IntegrityDeps): Promise<Module> => {
  const { context, topics, deadLetter, source } = deps;
  const module = await openModule(deps, {}, { open: [topics.reports, topics.control] });
  const { ledger } = module;
  return {
    ledger,
    routes: [
      module.read({ topic: topics.chain, sealed: false, refused: 'park', understand: bookChainRecord(context) }),
      module.read({ topic: topics.serai, sealed: false, refused: 'dead-letter', understand: bookExternalRecord(context) }),
      module.readControl({
        topic: topics.control,
        operator: deps.operator,
        integrity: source,
        obey: (draft, order) => {
          heedOrder(draft, context, order);
        },
        closed: letterClosed,
      }),
      module.read({
        topic: deadLetter,
        sealed: false,
        refused: 'dead-letter',
        understand: ({ attributes, offset }, data) => {
          const letter = letterData.parse(data);
          return (draft) => {
            letterWritten(draft, attributes.id, { ...letter, at: offset.toString(), by: attributes.source, time: attributes.time });
          };
        },
      }),
      // Nothing on it changes anything here; what is forged, missing or changed on it is noticed all the same.
      module.read({ topic: topics.reports, sealed: false, refused: 'dead-letter', understand: () => () => undefined }),
      ...[topics.reports, topics.control, deadLetter].map(module.relayTopic),
    ],
    stages: () => [
      ...module.stages(),
      ...staleNetworks(ledger).map(({ network, since }) => ({
        name: `${source} sums up ${network}`,
        waiting: 1,
        movedAt: 0,
        reason: `nothing can be said since Serai block ${String(since)}: one of the chains is heard of further than the other`,
      })),
    ],
    section: () => ({ solvency: solvencyStatus(ledger, context), deadLetters: lettersStatus(ledger) }),
    close: () => ledger.close(),
  };
};
