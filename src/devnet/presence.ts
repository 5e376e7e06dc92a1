import { Observable, Subject } from 'rxjs';
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
  /** Hear when it is to go or to come, or when all is over. */
  const listeners = new Set<() => void>();
  const change = (): void => {
    for (const listener of [...listeners]) listener();
  };

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
    listeners.add(check);
    check();
    try {
      await running.ended;
    } finally {
      listeners.delete(check);
    }
    if (!over) await end();
  };

  const changed = (): Promise<void> =>
    new Promise((resolve) => {
      const hear = (): void => {
        listeners.delete(hear);
        resolve();
      };
      listeners.add(hear);
    });

  const run = async (): Promise<void> => {
    while (!over) await (away ? changed() : live());
  };

  const finish = (): void => {
    over = true;
    change();
  };
  stop$.subscribe({ next: finish, error: finish });
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
        return finish;
      }),
    },
    setAway: (isNow) => {
      away = isNow;
      change();
    },
    close: end,
  };
};
