import { type Hex, toHex } from '../hex.ts';
import { type MusigNonce, type MusigSession, musigCommit, musigSign } from '../threshold/musig.ts';
import { ThresholdError } from '../threshold/thresholdError.ts';

/**
 * The secret nonces of `set_keys` rounds: held in memory only, each used for at most one share, gone with the process
 * (design §7.4). Losing them costs a round; keeping them would let a restored copy sign twice.
 */
export class MusigNonces {
  readonly #held = new Map<string, MusigNonce>();
  readonly #secretScalar: Uint8Array;

  constructor(secretScalar: Uint8Array) {
    this.#secretScalar = secretScalar;
  }

  /** Fresh nonces under a name never used before; returns their public commitment. */
  commit(name: string): Hex {
    const { nonces, commitment } = musigCommit();
    this.#held.set(name, nonces);
    return toHex(commitment);
  }

  /** Whether this process made the commitment of a round and has not used it yet. */
  holds(name: string): boolean {
    return this.#held.has(name);
  }

  /** The share for a round; undefined where this process holds no nonces for it, or a member's commitment is no such thing. */
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
}
