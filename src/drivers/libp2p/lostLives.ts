import { setImmediate as setImmediateAsync } from 'node:timers/promises';
import { fromHex, type Hex } from '../../domain/hex.ts';
import { decodeCertificate } from '../../domain/peers/certificate.ts';
import type { PeerError } from '../../domain/peers/peerError.ts';
import type { PeerMemory } from '../../streams/fromPeers.ts';

export interface LostLivesOptions {
  readonly memory: Pick<PeerMemory, 'start' | 'enterAbove'>;
  /** Ends all links, and gives back what waits to be sent. */
  readonly leaveAll: () => Promise<void>;
  /** A later epoch has begun. */
  readonly entered: () => void;
  /** No links are held any more. */
  readonly stopped: () => void;
  readonly log: (event: string, details: Readonly<Record<string, unknown>>) => void;
}

/**
 * What others prove of starts of ours that our store does not know of: it is an older one, and an epoch above them is entered. Each validator
 * may have seen another start of those that are lost; where one of them has seen two, another coordinator runs with our key just now, and
 * this one leaves the field.
 */
export class LostLives {
  readonly #options: LostLivesOptions;
  /** Who proved one: an epoch above it was entered. */
  readonly #provenBy = new Set<Hex>();
  #entering = false;
  #stopped: string | null = null;

  constructor(options: LostLivesOptions) {
    this.#options = options;
  }

  /** Whether an epoch is being entered: no link may be open meanwhile. */
  get isEntering(): boolean {
    return this.#entering;
  }

  /** Why no links are held at all, if that is so. */
  get stopped(): string | null {
    return this.#stopped;
  }

  /** A link was ended by `by`, for it holds a certificate of a later start of ours: the cause of the reason. */
  async proven(by: Hex, reason: PeerError): Promise<void> {
    const { memory, leaveAll, entered, stopped, log } = this.#options;
    if (this.#stopped !== null || typeof reason.cause !== 'string' || this.#entering) return;
    const { epoch } = decodeCertificate(fromHex(reason.cause));
    if (epoch < memory.start().epoch) return;
    log('peer.rolled-back', { by, reason: reason.message });
    if (this.#provenBy.has(by)) {
      this.#stopped = `another coordinator runs with the same key: ${by} has seen epoch ${String(epoch)} of it; stop one of the two`;
      stopped();
      return;
    }
    this.#provenBy.add(by);
    this.#entering = true;
    try {
      await leaveAll();
      // What was acknowledged until now is counted first.
      await setImmediateAsync();
      await memory.enterAbove(epoch);
      entered();
    } finally {
      this.#entering = false;
    }
  }
}
