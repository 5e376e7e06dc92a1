import type { MultiaddrConnection } from '@libp2p/interface';
import { hostOf, networkOf, withoutIdentity } from '../../domain/peers/addresses.ts';
import { PeerError } from '../../domain/peers/peerError.ts';
import { Quota, type Rate } from '../../domain/peers/quota.ts';

export interface LobbyLimits {
  /** Milliseconds a connection has to prove whose it is. */
  readonly deadline: number;
  /** Unproven connections of one host that is not known, of all such hosts, and of one known host. */
  readonly perStranger: number;
  readonly strangers: number;
  readonly perKnownHost: number;
  /** How often one host may come, and all hosts together that are not known: each time costs a handshake, whoever it is. */
  readonly hostComes: Rate;
  readonly strangersCome: Rate;
}

export const LOBBY_LIMITS: LobbyLimits = {
  deadline: 10_000,
  perStranger: 4,
  strangers: 64,
  perKnownHost: 64,
  hostComes: { perSecond: 1, atOnce: 64 },
  strangersCome: { perSecond: 16, atOnce: 256 },
};

/** Hosts whose comings are counted at most: those that have not come for the longest time are forgotten first. */
const HOSTS = 4_096;

export interface LobbyOptions {
  readonly limits: LobbyLimits;
  /** Whether a validator is known to be reached at this host. */
  readonly isKnownHost: (host: string) => boolean;
  /** Hears of a connection that was not let in, or not in time; it is no news where the one before it from there was refused as well. */
  readonly refused: (error: PeerError, address: string, isNews: boolean) => void;
  /** Milliseconds of a clock that does not go back. */
  readonly now: () => number;
}

/** How often a host came, and whether it was refused when it came last. */
interface Comings {
  readonly quota: Quota;
  refused: boolean;
}

/**
 * Connections that others have opened and that have not proven yet whose they are: few, and not for long. Hosts where validators are known to be
 * have places of their own, so that strangers cannot keep them out.
 */
export class Lobby {
  readonly #options: LobbyOptions;
  /** Address of each connection, with how to stop its clock. */
  readonly #inside = new Map<string, { readonly host: string; readonly known: boolean; readonly leave: () => void }>();
  readonly #comings = new Map<string, Comings>();
  readonly #strangers: Quota;

  constructor(options: LobbyOptions) {
    this.#options = options;
    this.#strangers = new Quota(options.limits.strangersCome, options.now());
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
    const comings = this.#comingsOf(host);
    const reason = this.#isFull(host, known)
      ? `too many connections from ${host} have not proven whose they are`
      : this.#comesTooOften(comings, known)
        ? `${host} comes too often`
        : undefined;
    if (reason !== undefined) {
      refused(new PeerError('peer.refused', reason), address, !comings.refused);
      comings.refused = true;
      return false;
    }
    comings.refused = false;
    const timer = setTimeout(() => {
      const error = new PeerError('peer.timeout', 'it was not proven in time whose connection it is');
      refused(error, address, true);
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

  #isFull(host: string, known: boolean): boolean {
    const { limits } = this.#options;
    const all = [...this.#inside.values()];
    const ofHost = all.filter((one) => one.host === host).length;
    if (known) return ofHost >= limits.perKnownHost;
    return ofHost >= limits.perStranger || all.filter((one) => !one.known).length >= limits.strangers;
  }

  #comesTooOften({ quota }: Comings, known: boolean): boolean {
    const now = this.#options.now();
    if (!quota.isOpen(now) || (!known && !this.#strangers.isOpen(now))) return true;
    quota.take(1, now);
    if (!known) this.#strangers.take(1, now);
    return false;
  }

  #comingsOf(host: string): Comings {
    const { limits, now } = this.#options;
    const network = networkOf(host);
    const comings = this.#comings.get(network) ?? { quota: new Quota(limits.hostComes, now()), refused: false };
    this.#comings.delete(network);
    this.#comings.set(network, comings);
    const [first] = this.#comings.keys();
    if (this.#comings.size > HOSTS && first !== undefined) this.#comings.delete(first);
    return comings;
  }

  /** The connection from this address has proven whose it is. */
  proven(address: string): void {
    this.#inside.get(withoutIdentity(address))?.leave();
  }
}
