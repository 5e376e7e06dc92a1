import type { MultiaddrConnection } from '@libp2p/interface';
import { hostOf, withoutIdentity } from '../../domain/peers/addresses.ts';
import { PeerError } from '../../domain/peers/peerError.ts';

export interface LobbyLimits {
  /** Milliseconds a connection has to prove whose it is. */
  readonly deadline: number;
  /** Unproven connections of one host that is not known, of all such hosts, and of one known host. */
  readonly perStranger: number;
  readonly strangers: number;
  readonly perKnownHost: number;
}

export const LOBBY_LIMITS: LobbyLimits = { deadline: 10_000, perStranger: 4, strangers: 64, perKnownHost: 64 };

export interface LobbyOptions {
  readonly limits: LobbyLimits;
  /** Whether a validator is known to be reached at this host. */
  readonly isKnownHost: (host: string) => boolean;
  /** Hears of a connection that was not let in, or not in time. */
  readonly refused: (error: PeerError, address: string) => void;
}

/**
 * Connections that others have opened and that have not proven yet whose they are: few, and not for long. Hosts where validators are known to be
 * have places of their own, so that strangers cannot keep them out.
 */
export class Lobby {
  readonly #options: LobbyOptions;
  /** Address of each connection, with how to stop its clock. */
  readonly #inside = new Map<string, { readonly host: string; readonly known: boolean; readonly leave: () => void }>();

  constructor(options: LobbyOptions) {
    this.#options = options;
  }

  /** Connections that have not proven whose they are. */
  get size(): number {
    return this.#inside.size;
  }

  /** Whether a connection that was just accepted is let in; it has to be proven, or is gone, before the deadline. */
  enter(connection: MultiaddrConnection): boolean {
    const { limits, isKnownHost, refused } = this.#options;
    const address = connection.remoteAddr.toString();
    const host = hostOf(address) ?? address;
    const known = isKnownHost(host);
    const all = [...this.#inside.values()];
    const ofHost = all.filter((one) => one.host === host).length;
    const isFull = known
      ? ofHost >= limits.perKnownHost
      : ofHost >= limits.perStranger || all.filter((one) => !one.known).length >= limits.strangers;
    if (isFull) {
      refused(new PeerError('peer.refused', `too many connections from ${host} have not proven whose they are`), address);
      return false;
    }
    const timer = setTimeout(() => {
      const error = new PeerError('peer.timeout', 'it was not proven in time whose connection it is');
      refused(error, address);
      connection.abort(error);
    }, limits.deadline);
    const leave = (): void => {
      clearTimeout(timer);
      this.#inside.delete(address);
    };
    this.#inside.set(address, { host, known, leave });
    connection.addEventListener('close', leave);
    return true;
  }

  /** The connection from this address has proven whose it is. */
  proven(address: string): void {
    this.#inside.get(withoutIdentity(address))?.leave();
  }
}
