import { setName } from '../processor/ids.ts';
import type { Draft } from '../tables.ts';
import type { CryptoContext } from './context.ts';
import { validatorsOf } from './keyGenParty.ts';
import { head, type SetRow } from './rows.ts';
import { tellPeers } from './say.ts';
import { answered, ownEpoch } from './standing.ts';

/** Tells the members of a set which epoch we are in; they answer with what they had seen of us before it (design §10). */
export const greet = (draft: Draft, context: CryptoContext, row: SetRow): void => {
  const own = ownEpoch.get(draft, '');
  if (own === undefined) return;
  const { epoch, instance } = own;
  const others = validatorsOf(row).filter((validator) => answered.get(draft, validator) === undefined);
  tellPeers(draft, context, others, `${String(epoch)}/${setName(row.set)}`, {
    kind: 'epoch.opened',
    body: { epoch, instance, set: row.set, height: head.get(draft, '')?.number ?? null },
  });
};
