import type { Draft } from '../tables.ts';
import { reopenRounds } from './confirm.ts';
import type { CryptoContext } from './context.ts';
import { keyGensMoved } from './keyGen.ts';
import { heldRepliesArrive } from './replies.ts';
import { head } from './rows.ts';
import { headMoved } from './signing.ts';
import { slashReportsMoved } from './slashReport.ts';
import { fence } from './standing.ts';

/** What may be begun at the height we stand at is begun: with each block, and when what held it is gone. */
export const goOn = (draft: Draft, context: CryptoContext): void => {
  const tip = head.get(draft, '');
  if (tip !== undefined && context.isLive(Date.parse(tip.time))) fence(draft, tip.number);
  heldRepliesArrive(draft, context);
  keyGensMoved(draft, context);
  reopenRounds(draft, context);
  slashReportsMoved(draft, context);
  headMoved(draft, context);
};
