import { keyGenStart } from '../../domain/crypto/keyGenClock.ts';
import type { Command, Reply } from '../../domain/processor/messages.ts';
import type { Draft, View } from '../../domain/tables.ts';
import type { ProcessorContext } from './context.ts';
import { burns, keyGens } from './rows.ts';

/** The coordinator or we were rolled back: what begins at or below a height is never signed, and no key generation goes on (design §10). */
export const burn = (
  draft: Draft,
  context: ProcessorContext,
  { upTo }: Extract<Command, { type: 'serai.epoch.burn.v1' }>['data'],
): Reply[] => {
  burns.put(draft, '', { upTo: Math.max(upTo, burns.get(draft, '')?.upTo ?? -1) });
  context.nonces.wipeAll();
  // A key that was generated stays: a late signature may still make it the set's.
  for (const [name, row] of [...keyGens.rows(draft)]) if (row.key === undefined) keyGens.delete(draft, name);
  return [];
};

/** Our own store was rolled back: nothing is signed until the coordinator says what is burnt. */
export const holdUntilBurnt = (draft: Draft): void => {
  burns.put(draft, '', { upTo: burns.get(draft, '')?.upTo ?? -1, held: true });
};

/** Why nothing is signed that begins at a height; undefined where it may be. */
export const burntAt = (view: View, start: number | undefined): string | undefined => {
  const burnt = burns.get(view, '');
  if (burnt === undefined) return undefined;
  if (burnt.held === true) return 'our store was rolled back, and it is not said yet what is burnt';
  return start === undefined || start <= burnt.upTo ? `what begins at or below block ${String(burnt.upTo)} is burnt` : undefined;
};

/** The height that a key generation attempt begins at. */
export const startOf = ({ id, certificate }: Extract<Command, { type: 'serai.key-gen.generate-key.v1' }>['data']): number =>
  keyGenStart(certificate.anchor.number, id.attempt);
