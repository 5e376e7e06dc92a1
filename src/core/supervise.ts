import { concat, defer, EMPTY, merge, type Observable, Subject, takeUntil, throwError } from 'rxjs';

/** A route that must not end before it is told to. */
export interface Supervised {
  readonly name: string;
  readonly running$: Observable<never>;
}

/** An endless route came to its end by itself. */
export class RouteEnded extends Error {
  readonly code = 'route.ended';

  constructor(name: string) {
    super(`"${name}" came to its end by itself; this is a fault of the program`);
    this.name = 'RouteEnded';
  }
}

/** A set of routes that is running. */
export interface Running {
  /** Resolves when all have drained after `stop`; rejects with the first failure. */
  readonly ended: Promise<void>;
  /** Takes no new work; what is in flight has this many milliseconds to finish, then it is cut off and will be done again. */
  readonly stop: (deadline: number) => void;
}

/** Runs routes together: one that fails, or ends by itself, ends them all. `stop$` is what their sources close on. */
export const supervise = (routes: readonly Supervised[], stop$: Subject<void>): Running => {
  const cut$ = new Subject<void>();
  let stopping = false;
  let timer: NodeJS.Timeout | undefined;
  const mustRun = ({ name, running$ }: Supervised): Observable<never> =>
    concat(
      running$,
      defer(() => (stopping ? EMPTY : throwError(() => new RouteEnded(name)))),
    );
  const ended = new Promise<void>((resolve, reject) => {
    merge(...routes.map(mustRun))
      .pipe(takeUntil(cut$))
      .subscribe({ error: reject, complete: resolve });
  }).finally(() => {
    clearTimeout(timer);
  });
  return {
    ended,
    stop: (deadline) => {
      if (stopping) return;
      stopping = true;
      timer = setTimeout(() => {
        cut$.next();
      }, deadline);
      stop$.next();
    },
  };
};
