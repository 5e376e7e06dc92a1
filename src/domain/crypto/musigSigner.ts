import { fromHex, type Hex, toHex } from '../hex.ts';
import {
  type MusigNonce,
  type MusigRound,
  type MusigSession,
  musigAggregate,
  musigCommit,
  musigCommitmentStands,
  musigSign,
  musigVerifyShare,
} from '../threshold/musig.ts';
import { ThresholdError } from '../threshold/thresholdError.ts';

/** The mathematics of `set_keys` (reference serai.md §c.8), and the nonces it needs. */
export interface Musig {
  /** Fresh nonces under a name never used before; returns their public commitment. */
  commit(name: string): Hex;
  /** Whether this process made the commitment of a round and has not used it yet. */
  holds(name: string): boolean;
  /** The share for a round; undefined where this process holds no nonces for it, or a member's commitment is no such thing. */
  share(name: string, session: MusigSession): Hex | undefined;
  /** Whether a commitment is one. */
  stands(commitment: Hex): boolean;
  /** The signature of all; or the places, from 0, of those whose shares are wrong. */
  aggregate(round: MusigRound, shares: readonly Uint8Array[]): Hex | readonly number[];
}

/**
 * Signs `set_keys` with one Serai key. Nonces are held in memory only, each used for at most one share, gone with the process
 * (design §7.4). Losing them costs a round; keeping them would let a restored copy sign twice.
 */
export class MusigSigner implements Musig {
  readonly #held = new Map<string, MusigNonce>();
  readonly #secretScalar: Uint8Array;

  constructor(secretScalar: Uint8Array) {
    this.#secretScalar = secretScalar;
  }

  commit(name: string): Hex {
    const { nonces, commitment } = musigCommit();
    this.#held.set(name, nonces);
    return toHex(commitment);
  }

  holds(name: string): boolean {
    return this.#held.has(name);
  }

  share(name: string, session: MusigSession): Hex | undefined {
    const nonces = this.#held.get(name);
    if (nonces === undefined) return undefined;
    this.#held.delete(name);
    try {
      return toHex(musigSign({ ...session, secretScalar: this.#secretScalar, nonces }));
    } catch (error) {
      if (error instanceof ThresholdError) return undefined;
      throw error;
    }
  }

  stands(commitment: Hex): boolean {
    return musigCommitmentStands(fromHex(commitment));
  }

  aggregate(round: MusigRound, shares: readonly Uint8Array[]): Hex | readonly number[] {
    const signature = musigAggregate({ ...round, shares });
    if (signature !== undefined) return toHex(signature);
    return shares.flatMap((share, index) => (musigVerifyShare({ ...round, index, share }) ? [] : [index]));
  }
}
