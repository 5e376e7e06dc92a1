import { fromHex, type Hex, toHex } from '../hex.ts';
import type { SetId } from '../processor/ids.ts';
import { slashesIn } from '../serai/messages.ts';
import type { Draft } from '../tables.ts';

/** A signed slash report goes to the chain, which takes one of a set. */
export const submitSlashReport = (draft: Draft, { network, session }: SetId, message: Hex, signature: Hex): void => {
  const slashes = slashesIn(fromHex(message)).map(([validator, points]) => ({ validator: toHex(validator), points }));
  draft.do('chain', { call: 'report_slashes', network, session, slashes, signature });
};
