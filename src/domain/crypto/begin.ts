import { canonicalJson } from '../canonicalJson.ts';
import { seedHeight } from '../party/window.ts';
import { type SignId, signIdName } from '../processor/ids.ts';
import type { Draft } from '../tables.ts';
import { attemptRow } from './attempt.ts';
import type { CryptoContext } from './context.ts';
import { digestOf } from './digest.ts';
import { attempts, type BegunRow, type BlockRef, journal } from './rows.ts';
import { report, tellProcessor } from './say.ts';

/**
 * Begins our part in an attempt: the journal's row stands in the same commit as the command to the processor. The journal is a
 * chain of digests, BLAKE2b-256 of the canonical JSON of the head before and the entry, so that a store that was rolled back shows (design §8, §10).
 */
export const begin = (draft: Draft, context: CryptoContext, id: SignId, begun: BegunRow, anchor: BlockRef): void => {
  const { number, head } = journal.get(draft, '') ?? { number: 0, head: `0x${'00'.repeat(32)}` as const };
  const entry = { number: number + 1, head: digestOf({ before: head, id: canonicalJson(id), begun: canonicalJson(begun) }) };
  journal.put(draft, '', entry);
  attempts.put(draft, signIdName(id), { ...attemptRow(draft, id), begun });
  const { digest, party, rule, convener } = begun;
  report(draft, context, signIdName(id), {
    type: 'serai.report.attempt.v1',
    data: {
      id,
      ...(party === undefined ? {} : { party }),
      rule,
      ...(convener === undefined ? {} : { convener }),
      digest,
      anchor,
      journal: entry,
    },
  });
  tellProcessor(draft, context, id.set.network, signIdName(id), {
    type: 'serai.sign.attempt.v1',
    data: { id, digest, start: seedHeight(anchor.number, id.attempt), ...(party === undefined ? {} : { party: [...party] }) },
  });
};
