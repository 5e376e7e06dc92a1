import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between two looks for validators at addresses the node knows, and addresses tried each time. */
const SEARCH = { every: 60_000, first: 2_000, atOnce: 8 } as const;

export interface SearchOptions {
  /** Addresses where coordinators of validators may be, of whom is not known. */
  readonly search: () => Promise<readonly string[]>;
  /** Whether somebody we want a link to is missing. */
  readonly isOneMissing: () => boolean;
  readonly mayDial: (address: string) => boolean;
  readonly dial: (address: string) => Promise<unknown>;
  readonly failed: (error: unknown) => void;
}

/** Looks for validators where the node knows of some, as long as one is missing, until the signal fires. */
export const keepSearching = async ({ search, isOneMissing, mayDial, dial, failed }: SearchOptions, signal: AbortSignal): Promise<void> => {
  await sleep(SEARCH.first, undefined, { signal });
  for (;;) {
    if (isOneMissing()) {
      const found = await search().catch((error: unknown) => {
        failed(error);
        return [];
      });
      const some = found
        .filter(mayDial)
        .map((address) => ({ address, at: Math.random() }))
        .sort((a, b) => a.at - b.at);
      // Whoever is not there, or is nobody we know, is no news.
      for (const { address } of some.slice(0, SEARCH.atOnce)) dial(address).catch(() => undefined);
    }
    await sleep(SEARCH.every * (0.75 + Math.random() / 2), undefined, { signal });
  }
};
