import type { Observable } from 'rxjs';

/** Sends a payload somewhere: cold, finite; complete means durable there. Sending the same payload again changes nothing. */
export type Sink<P> = (payload: P) => Observable<unknown>;
