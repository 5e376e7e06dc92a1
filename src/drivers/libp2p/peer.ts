import { EventEmitter, once } from 'node:events';
import type { Hex } from '../../domain/hex.ts';
import type { Certificate } from '../../domain/peers/certificate.ts';
import { isAfter } from '../../domain/peers/frames.ts';
import { PeerError, type PeerErrorCode } from '../../domain/peers/peerError.ts';
import type { LastError, PeerReport, PeerState } from '../../domain/peers/peerReport.ts';
import { PENALTY, waitAfter } from '../../domain/peers/redial.ts';
import type { View } from '../../domain/peers/words.ts';
import type { PeerParcel } from '../../sinks/toPeer.ts';
import type { Session } from './session.ts';

/** A link that is open, and what decides between it and another one. */
export interface Linked {
  readonly session: Session;
  readonly openedBy: Hex;
  readonly address: string;
  readonly protocol: number;
  readonly certificate: Certificate;
}

/** Messages that are sent together, until they are acknowledged. */
interface Batch {
  readonly parcels: readonly PeerParcel[];
  readonly resolve: () => void;
  readonly reject: (reason: PeerError) => void;
}

const byPlace = ({ parcels: [a] }: Batch, { parcels: [b] }: Batch): number => {
  if (a === undefined || b === undefined) return 0;
  return isAfter(a, b) ? 1 : -1;
};

/** Ends of a link that the other side is to blame for. */
const BLAMED: ReadonlySet<PeerErrorCode> = new Set(['peer.malformed', 'peer.slow', 'peer.gap', 'peer.unsigned', 'peer.foreign-chain']);

/** Another validator's coordinator: the link that counts, what is known of it, and what waits to be sent to it. */
export class Peer {
  readonly validator: Hex;
  readonly #batches: Batch[] = [];
  readonly #events = new EventEmitter<{ unlinked: [] }>();
  /** Of links that are over. */
  readonly #before = { sentMessages: 0, sentBytes: 0, receivedMessages: 0, receivedBytes: 0 };
  #linked: Linked | undefined;
  #state: PeerState = 'disconnected';
  #since = Date.now();
  #lastError: LastError | null = null;
  #version: string | null = null;
  #theirs: (View & { readonly at: number }) | null = null;
  #links = 0;
  #failures = 0;
  /** Ends of links it was to blame for, one after the other, and until when it is not listened to. */
  #blamed = 0;
  #blamedUntil = Number.NEGATIVE_INFINITY;

  /** The address of the link, or the one dialled last. */
  address: string | null = null;
  /** Ends the dialling, where it is dialled. */
  dialling: AbortController | undefined;

  constructor(validator: Hex) {
    this.validator = validator;
  }

  get linked(): Linked | undefined {
    return this.#linked;
  }

  becomes(state: PeerState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#since = Date.now();
  }

  failed({ code, message }: PeerError, theirs: boolean): void {
    this.#failures += 1;
    // That there is no address to dial is said by its state, and no reason to forget why its link ended.
    if (code === 'peer.no-address' && this.#lastError !== null) return;
    this.#lastError = { code, text: message.slice(0, 300), at: Date.now(), theirs };
  }

  /** It says how it sees us. */
  viewed(view: View): void {
    this.#theirs = { ...view, at: Date.now() };
  }

  /** This link counts from now on, in place of the one there was: what was not acknowledged is sent on it. */
  link(linked: Linked, version: string): void {
    this.#count();
    this.#linked = linked;
    this.#version = version;
    this.address = linked.address;
    this.#links += 1;
    this.becomes('connected');
    for (const batch of [...this.#batches]) this.#sendOn(linked.session, batch);
  }

  /** The link is over. */
  unlink(): void {
    this.#count();
    this.#linked = undefined;
    this.#events.emit('unlinked');
  }

  /** Resolves when there is no link; rejects when the signal fires. A link that takes the place of another one leaves none in between. */
  async unlinked(signal: AbortSignal): Promise<void> {
    if (this.#linked !== undefined) await once(this.#events, 'unlinked', { signal });
  }

  stopDialling(): void {
    this.dialling?.abort();
    this.dialling = undefined;
  }

  /** Sends messages, over as many links as it takes; resolves when they are acknowledged. */
  send(parcels: readonly PeerParcel[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const batch = { parcels, resolve, reject };
      this.#batches.push(batch);
      // One that was given back, and comes again, may come after its successor.
      this.#batches.sort(byPlace);
      if (this.#linked !== undefined) this.#sendOn(this.#linked.session, batch);
    });
  }

  /** What waits will not be sent from here. */
  giveBack(reason: PeerError): void {
    for (const { reject } of this.#batches.splice(0)) reject(reason);
  }

  /** A link ended for this reason: whoever broke the protocol is not listened to for a while, each time longer, until it has kept it for long. */
  blame({ code }: PeerError, now: number): void {
    if (!BLAMED.has(code)) return;
    if (now - this.#blamedUntil > PENALTY.most) this.#blamed = 0;
    this.#blamedUntil = now + waitAfter(this.#blamed, PENALTY, Math.random());
    this.#blamed += 1;
  }

  /** Milliseconds until it is listened to again; 0 where it is. */
  unheardFor(now: number): number {
    return Math.max(0, this.#blamedUntil - now);
  }

  /** How we see it; `queue` messages wait for it. */
  view(queue: number): View {
    const lastError = this.#lastError === null ? null : { code: this.#lastError.code, at: this.#lastError.at };
    return { since: this.#since, roundTrip: this.#roundTrip, queue, lastError };
  }

  report(self: Hex, queue: number, epoch: number | null): PeerReport {
    const linked = this.#linked;
    const session = linked?.session;
    const before = this.#before;
    return {
      validator: this.validator,
      state: this.#state,
      since: this.#since,
      address: this.address,
      openedBy: linked === undefined ? null : linked.openedBy === self ? 'us' : 'them',
      roundTrip: this.#roundTrip,
      queue,
      lastError: this.#lastError,
      version: this.#version,
      protocol: linked?.protocol ?? null,
      epoch,
      certificateUntil: session?.link.certificate?.validUntil ?? null,
      throttled: session?.link.isThrottled ?? false,
      links: this.#links,
      failures: this.#failures,
      sentMessages: before.sentMessages + (session?.sentMessages ?? 0),
      sentBytes: before.sentBytes + (session?.sentBytes ?? 0),
      receivedMessages: before.receivedMessages + (session?.receivedMessages ?? 0),
      receivedBytes: before.receivedBytes + (session?.receivedBytes ?? 0),
      theirs: this.#theirs,
    };
  }

  get #roundTrip(): number | null {
    const measured = this.#linked?.session.link.roundTrip ?? null;
    return measured === null ? null : Math.round(measured * 1_000) / 1_000;
  }

  /** What went over the link is counted with those before it. */
  #count(): void {
    if (this.#linked === undefined) return;
    const { sentMessages, sentBytes, receivedMessages, receivedBytes } = this.#linked.session;
    this.#before.sentMessages += sentMessages;
    this.#before.sentBytes += sentBytes;
    this.#before.receivedMessages += receivedMessages;
    this.#before.receivedBytes += receivedBytes;
  }

  /** Sends a batch on a link; where the link ends first, the batch waits for the next one. */
  #sendOn(session: Session, batch: Batch): void {
    session.send(batch.parcels).then(
      () => {
        this.#batches.splice(this.#batches.indexOf(batch), 1);
        batch.resolve();
      },
      () => undefined,
    );
  }
}
