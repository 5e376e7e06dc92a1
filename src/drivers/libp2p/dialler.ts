import { setTimeout as sleep } from 'node:timers/promises';
import type { Hex } from '../../domain/hex.ts';
import { PeerError } from '../../domain/peers/peerError.ts';
import { REDIAL, waitAfter } from '../../domain/peers/redial.ts';

/** Milliseconds until a validator without any address is looked for again. */
const NO_ADDRESS = 5_000;

export interface DiallerOptions {
  readonly validator: Hex;
  /** Addresses to try, one after the other. */
  readonly addresses: () => readonly string[];
  /** Resolves when there is no link, however it was made; at once where there is none. */
  readonly unlinked: (signal: AbortSignal) => Promise<unknown>;
  /** Dials, and resolves when the link it made has ended; rejects where none was made. */
  readonly dial: (address: string, signal: AbortSignal) => Promise<unknown>;
  readonly failed: (error: PeerError, address?: string) => void;
  /** Milliseconds the other side has to dial first whenever there is no link: where both dial at once, one of two links is for nothing. */
  readonly head: number;
  readonly random: () => number;
}

/** Keeps a link to one validator: dials when there is none, address after address, waiting longer and longer, until the signal fires. */
export const keepDialling = async (options: DiallerOptions, signal: AbortSignal): Promise<void> => {
  const { addresses, unlinked, dial, failed, head, random } = options;
  const isOver = (): boolean => signal.aborted;
  let failures = 0;
  let next = 0;
  while (!isOver()) {
    await unlinked(signal);
    if (next === 0 && head > 0) {
      await sleep(head * (0.5 + random() / 2), undefined, { signal });
      await unlinked(signal);
    }
    const known = addresses();
    const address = known[next % Math.max(1, known.length)];
    next += 1;
    if (address === undefined) {
      failed(
        new PeerError(
          'peer.no-address',
          `no address of ${options.validator} is known; it will be learnt from others, or add it to connection.peers`,
        ),
      );
      await sleep(NO_ADDRESS * (0.5 + random() / 2), undefined, { signal });
      continue;
    }
    const began = performance.now();
    try {
      await dial(address, signal);
      next = 0;
      if (performance.now() - began > REDIAL.lasted) failures = 0;
    } catch (error) {
      if (isOver()) return;
      failed(error instanceof PeerError ? error : new PeerError('peer.disconnected', reasonOf(error), { cause: error }), address);
    }
    // The other addresses are tried at once; only then is there a wait.
    if (next % known.length !== 0) continue;
    await sleep(waitAfter(failures, REDIAL, random()), undefined, { signal });
    failures += 1;
  }
};

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
