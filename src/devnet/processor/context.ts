import type { Hex } from '../../domain/hex.ts';
import type { ExternalNetworkName } from '../../domain/processor/ids.ts';
import { makeNonces, type Random, type SecretNonces } from '../../domain/threshold/suite.ts';

/** Who decides, and what of it is not in the store. */
export interface ProcessorContext {
  readonly network: ExternalNetworkName;
  readonly genesisHash: Hex;
  /** The Serai key of the validator this processor belongs to. */
  readonly validator: Hex;
  readonly random: Random;
  readonly nonces: HeldNonces;
}

/** Secret nonces by attempt: in memory only, gone with the process, given out once (design §8). */
export class HeldNonces {
  readonly #held = new Map<string, SecretNonces>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Fresh nonces under an attempt's name; returns their public commitment (64 bytes). */
  make(attempt: string): Uint8Array {
    const { nonces, commitment } = makeNonces(this.#random);
    this.#held.set(attempt, nonces);
    return commitment;
  }

  has(attempt: string): boolean {
    return this.#held.has(attempt);
  }

  /** Hands an attempt's nonces out, for the only time. */
  take(attempt: string): SecretNonces | undefined {
    const nonces = this.#held.get(attempt);
    this.#held.delete(attempt);
    return nonces;
  }

  /** Wipes everything. */
  wipeAll(): void {
    for (const { hiding, binding } of this.#held.values()) {
      hiding.fill(0);
      binding.fill(0);
    }
    this.#held.clear();
  }

  /** Wipes what is held for a signable, or for one attempt at it. */
  wipe(signable: string): void {
    for (const [name, nonces] of [...this.#held]) {
      if (!name.startsWith(`${signable}/`)) continue;
      nonces.hiding.fill(0);
      nonces.binding.fill(0);
      this.#held.delete(name);
    }
  }
}
