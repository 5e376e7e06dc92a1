import type { Hex } from '../../domain/hex.ts';
import type { Draft, View } from '../../domain/tables.ts';
import { cursors, heights, plans, START, vaults } from './rows.ts';

/**
 * Blocks that a processor is ahead at most of what Serai knows of its chain, and after which a new key's vault is used: so no
 * processor observes a block without knowing whose it is.
 */
export const LOOKAHEAD = 4;

const NONE: Hex = `0x${'00'.repeat(32)}`;

/** The height of a block we have observed, 0 for none at all; undefined where it is ahead of us. */
export const heightOf = (view: View, hash: Hex): number | undefined => (hash === NONE ? 0 : heights.get(view, hash));

/** Notes the newest block that Serai knows. */
export const noteAcknowledged = (draft: Draft, hash: Hex): void => {
  cursors.put(draft, '', { ...(cursors.get(draft, '') ?? START), acknowledged: hash });
};

/** The height from which on a session's vault may be used; undefined while there is none, or it lies ahead of us. */
export const usableFrom = (view: View, session: number): number | undefined => {
  const vault = vaults.get(view, String(session));
  if (vault === undefined) return undefined;
  if (session === 0) return 0;
  const since = heightOf(view, vault.since);
  return since === undefined ? undefined : since + LOOKAHEAD;
};

/** The session whose vault pays, as far as the external chain is known to Serai. */
export const payingSession = (view: View, height: number): number => {
  let session = 0;
  for (;;) {
    const forwardedAt = vaults.get(view, String(session + 1))?.forwardedAt;
    if (forwardedAt === undefined || forwardedAt > height) return session;
    session += 1;
  }
};

/** Whether a session's vault pays nothing new, because the next one may be used. */
export const isClosing = (view: View, session: number, height: number): boolean => {
  const next = usableFrom(view, session + 1);
  return next !== undefined && next < height;
};

/** Whether everything a session's vault was to pay is on the external chain by this height. */
export const isSettled = (view: View, session: number, height: number): boolean =>
  [...plans.rows(view)].every(([, plan]) => plan.session !== session || (plan.minedAt !== undefined && plan.minedAt <= height));
