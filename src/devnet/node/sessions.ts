import { type ExternalNetwork, type Network, networkBytes } from '../../domain/serai/networks.ts';
import type { KeyPair } from '../../domain/serai/types.ts';
import type { BlockState } from './state.ts';

type Deposit = (pallet: string, name: string, fields: Record<string, unknown>) => void;

/** The session a network is in, and the keys of its set and of the one before; those of the latter are gone once it handed over. */
export interface CurrentSets {
  readonly session: number;
  readonly current: KeyPair | undefined;
  readonly prior: KeyPair | undefined;
}

/** Serai's own set has no vault. */
const keysOf = (state: BlockState, network: Network, session: number): KeyPair | undefined =>
  network === 'Serai' || session < 0 ? undefined : (state.get('ValidatorSets', 'Keys', { session, network }) as KeyPair | undefined);

/** The sets of a network that stand; undefined where it has no session. */
export const currentSets = (state: BlockState, network: Network): CurrentSets | undefined => {
  const session = state.get('ValidatorSets', 'CurrentSession', network) as number | undefined;
  if (session === undefined) return undefined;
  return { session, current: keysOf(state, network, session), prior: keysOf(state, network, session - 1) };
};

/**
 * Begins the next session: Serai's own set always rotates, an external network's only once its set has keys and the one before
 * has handed over (reference serai.md §b.17). Who is in the set stays as it was. After `sessions` of them, if not 0, no other one begins.
 */
export const nextSession = (state: BlockState, deposit: Deposit, sessions = 0): void => {
  for (const network of Object.keys(networkBytes) as Network[]) {
    const sets = currentSets(state, network);
    if (sets === undefined) continue;
    if (network !== 'Serai' && (sets.current === undefined || sets.prior !== undefined)) continue;
    const session = sets.session + 1;
    if (session === sessions) continue;
    state.set('ValidatorSets', 'CurrentSession', [network], session);
    state.set('ValidatorSets', 'SessionBeginBlock', [network, session], state.get('System', 'Number') ?? 0n);
    deposit('ValidatorSets', 'NewSet', { set: { session, network } });
  }
};

/** A batch of the new set is the handover: the set before loses its keys, and owes its slash report (reference serai.md §b.17). */
export const acceptHandover = (state: BlockState, deposit: Deposit, network: ExternalNetwork): void => {
  const sets = currentSets(state, network);
  if (sets?.prior === undefined) return;
  const { session, prior } = sets;
  // A report that never came is given up on.
  if (state.get('ValidatorSets', 'PendingSlashReport', network) !== undefined)
    deposit('ValidatorSets', 'SetRetired', { set: { session: session - 2, network } });
  state.delete('ValidatorSets', 'Keys', { session: session - 1, network });
  state.set('ValidatorSets', 'PendingSlashReport', [network], prior.ristretto);
  deposit('ValidatorSets', 'AcceptedHandover', { set: { session, network } });
};

/** The set before has reported: it is over. */
export const retireReported = (state: BlockState, deposit: Deposit, network: ExternalNetwork): void => {
  const sets = currentSets(state, network);
  if (sets === undefined) return;
  state.delete('ValidatorSets', 'PendingSlashReport', network);
  deposit('ValidatorSets', 'SetRetired', { set: { session: sets.session - 1, network } });
};
