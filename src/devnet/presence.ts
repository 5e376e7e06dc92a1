import { Observable, Subject, type Subscription } from 'rxjs';
import { supervise } from '../core/supervise.ts';
import type { Route } from '../modules/module.ts';
import type { Validator } from './validator.ts';

/** Milliseconds that what is in flight may take to finish when a validator goes. */
const DRAIN = 3_000;

export interface PresenceOptions {
  readonly name: string;
  /** Opens the validator on what it left; it takes no new work once `stop$` emits. */
  readonly open: (stop$: Observable<unknown>) => Promise<Validator>;
  /** Emits when the devnet ends. */
  readonly stop$: Observable<unknown>;
  /** Hears of each life as it begins; what it returns is called before the life ends. */
  readonly came: (validator: Validator) => () => void;
}

/** A validator that may go away and come back, as if its process were stopped and started. */
export interface Presence {
  readonly name: string;
  /** While it is there. */
  readonly validator: () => Validator | undefined;
  /** Runs it whenever it is to be there; ends with the devnet. */
  readonly route: Route;
  readonly setAway: (isAway: boolean) => void;
  readonly close: () => Promise<void>;
}

interface Life {
  readonly validator: Validator;
  readonly stop$: Subject<void>;
  readonly went: () => void;
}

/** Opens a validator, unless it is away from the start. */
export const openPresence = async ({ name, open, stop$, came }: PresenceOptions, isAway: boolean): Promise<Presence> => {
  let away = isAway;
  let over = false;
  let life: Life | undefined;
  const changed$ = new Subject<void>();

  const begin = async (): Promise<Life> => {
    const own$ = new Subject<void>();
    const validator = await open(own$);
    return { validator, stop$: own$, went: came(validator) };
  };

  const end = async (): Promise<void> => {
    const ended = life;
    life = undefined;
    ended?.went();
    await ended?.validator.close();
  };

  /** Runs one life until it is away, or all is over. */
  const live = async (): Promise<void> => {
    life ??= await begin();
    const running = supervise(life.validator.routes, life.stop$);
    const check = (): void => {
      if (away || over) running.stop(DRAIN);
    };
    const watching: Subscription = changed$.subscribe(check);
    check();
    try {
      await running.ended;
    } finally {
      watching.unsubscribe();
    }
    if (!over) await end();
  };

  const run = async (): Promise<void> => {
    while (!over) {
      if (!away) await live();
      else
        await new Promise<void>((resolve) =>
          changed$.subscribe(() => {
            resolve();
          }),
        );
    }
  };

  stop$.subscribe(() => {
    over = true;
    changed$.next();
  });
  if (!away) life = await begin();
  return {
    name,
    validator: () => life?.validator,
    // `new Observable`, because lives follow each other by promise.
    route: {
      name: `${name} runs`,
      running$: new Observable((subscriber) => {
        run().then(
          () => {
            subscriber.complete();
          },
          (error: unknown) => {
            subscriber.error(error);
          },
        );
        return () => {
          over = true;
          changed$.next();
        };
      }),
    },
    setAway: (isNow) => {
      away = isNow;
      changed$.next();
    },
    close: end,
  };
};
