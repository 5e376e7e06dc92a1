import type { Hex } from '../../domain/hex.ts';
import { hostOf, isPrivate, withoutIdentity } from '../../domain/peers/addresses.ts';
import { type AddressRecord, decodeAddressRecord, isAddressRecordSigned, isNewer } from '../../domain/peers/addressRecord.ts';
import { PeerError } from '../../domain/peers/peerError.ts';
import { Quota, type Rate } from '../../domain/peers/quota.ts';

/** A known address of a validator's coordinator. */
export interface PeerAddress {
  readonly validator: Hex;
  /** As in `/ip4/127.0.0.1/tcp/30563`. */
  readonly address: string;
}

export interface AddressBookOptions {
  readonly genesis: Hex;
  /** From the configuration; they come first. */
  readonly configured: () => readonly PeerAddress[];
  /** Whether what others say may lead into a private network. */
  readonly allowPrivate: boolean;
}

/** News a validator may tell of where it is reached: as many at once as it may be started again, and one in five minutes in the long run. */
const NEWS: Rate = { perSecond: 1 / 300, atOnce: 8 };

/** Addresses that connections from a validator found are kept for each of them. */
const FOUND_AT_MOST = 4;

/** Where validators are reached: by configuration, by what they say of themselves, and by where they were found. */
export class AddressBook {
  readonly #options: AddressBookOptions;
  readonly #records = new Map<Hex, { readonly record: AddressRecord; readonly bytes: Uint8Array }>();
  readonly #found = new Map<Hex, Set<string>>();
  readonly #news = new Map<Hex, Quota>();

  constructor(options: AddressBookOptions) {
    this.#options = options;
  }

  /** Addresses to dial, in the order of trust. */
  of(validator: Hex): readonly string[] {
    const configured = this.#options
      .configured()
      .filter((peer) => peer.validator === validator)
      .map(({ address }) => address);
    const said = this.#records.get(validator)?.record.addresses ?? [];
    const reachable = [...said, ...(this.#found.get(validator) ?? [])].filter((address) => this.mayDial(address));
    return [...new Set([...configured, ...reachable])];
  }

  /** Whether an address that others named may be dialled. */
  mayDial(address: string): boolean {
    return this.#options.allowPrivate || !isPrivate(withoutIdentity(address));
  }

  /** A validator was found at an address that nobody had named with it. */
  foundAt(validator: Hex, address: string): void {
    const found = this.#found.get(validator) ?? new Set();
    found.delete(address);
    const kept = [...found].slice(-(FOUND_AT_MOST - 1));
    this.#found.set(validator, new Set([...kept, address]));
  }

  /** Takes a record that was kept, and checked before that. */
  restore(bytes: Uint8Array): void {
    const record = decodeAddressRecord(bytes);
    this.#records.set(record.validator, { record, bytes });
  }

  /**
   * Takes a signed record where it says something newer of its validator; undefined where it does not, or where there is news of that one all
   * the time. `moved` is false where only its number is new. Throws PeerError `peer.malformed` on what is no record, `peer.unsigned` on one
   * that is forged: nobody passes on what he has not checked.
   */
  learn(
    bytes: Uint8Array,
    isAdmitted: (validator: Hex) => boolean,
    now: number,
  ): { readonly record: AddressRecord; readonly moved: boolean } | undefined {
    const record = decodeAddressRecord(bytes);
    const known = this.#records.get(record.validator);
    if (record.genesis !== this.#options.genesis || !isAdmitted(record.validator) || !isNewer(record, known?.record)) return undefined;
    const news = this.#news.get(record.validator) ?? new Quota(NEWS, now);
    if (!news.isOpen(now)) return undefined;
    if (!isAddressRecordSigned(bytes))
      throw new PeerError('peer.unsigned', `${record.validator} has not signed what was told of its addresses`);
    news.take(1, now);
    this.#news.set(record.validator, news);
    this.#records.set(record.validator, { record, bytes });
    return { record, moved: known?.record.addresses.join() !== record.addresses.join() };
  }

  /** Records to pass on. */
  records(isAdmitted: (validator: Hex) => boolean): readonly Uint8Array[] {
    return [...this.#records].flatMap(([validator, { bytes }]) => (isAdmitted(validator) ? [bytes] : []));
  }

  /** Whether a validator is known to be reached at this host; names are not looked up. */
  isKnownHost(host: string): boolean {
    return (
      this.#options.configured().some(({ address }) => hostOf(withoutIdentity(address)) === host) ||
      [...this.#records.values()].some(({ record }) => record.addresses.some((address) => hostOf(address) === host))
    );
  }
}
