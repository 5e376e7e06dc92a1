import { fromHex } from '../hex.ts';
import { readTraceparent } from '../tracing/trace.ts';
import { Acks } from './acks.ts';
import { acceptCertificate, type Certificate, checkValidity, decodeCertificate, provesRollBack } from './certificate.ts';
import { dataHead, encodeFrame, type Frame, type Place } from './frames.ts';
import { Inflow } from './inflow.ts';
import type { LinkLimits, LinkPort, LinkTerms } from './linkTerms.ts';
import { PEER_ERROR_CODES, PeerError, type PeerErrorCode } from './peerError.ts';
import { Pulse } from './pulse.ts';
import { type Bye, bye, byeOf, hello, readWord, type View, view, writeWord } from './words.ts';

/** What is none, as one of a later version, is passed over. */
const textOfTraceparent = (payload: Uint8Array): string | undefined => {
  const text = new TextDecoder().decode(payload);
  return readTraceparent(text) === undefined ? undefined : text;
};

const isPeerCode = (code: string): code is PeerErrorCode => (PEER_ERROR_CODES as readonly string[]).includes(code);

/**
 * One side of a link to another coordinator, without its socket: certificate, hello, then numbered messages and their acknowledgements
 * (docs/protocol.md). It is told of bytes and of the time, and tells its port what to do; so it runs in a simulation as it does on TCP.
 * Times are milliseconds of a clock that does not go back.
 */
export class Link {
  readonly #terms: LinkTerms;
  readonly #port: LinkPort;
  readonly #limits: LinkLimits;
  readonly #began: number;
  readonly #inflow: Inflow;
  readonly #acks = new Acks();
  readonly #pulse: Pulse;

  #shown: Uint8Array | undefined;
  #certificate: Certificate | undefined;
  #open = false;
  #over = false;
  #reading = false;
  #writable = true;
  #pongDue: number | undefined;
  /** Where the message that is heard next belongs. */
  #traceparent: string | undefined;
  #viewed = Number.NEGATIVE_INFINITY;

  constructor(port: LinkPort, terms: LinkTerms, now: number) {
    this.#port = port;
    this.#terms = terms;
    this.#limits = terms.limits;
    this.#began = now;
    this.#inflow = new Inflow(terms.limits, terms.crowded, now);
    this.#pulse = new Pulse(terms.limits.ping, now);
  }

  /** The other side's certificate, once it holds. */
  get certificate(): Certificate | undefined {
    return this.#certificate;
  }

  get isOpen(): boolean {
    return this.#open && !this.#over;
  }

  /** Whether it is beyond its quota. */
  get isThrottled(): boolean {
    return this.#inflow.throttled;
  }

  /** Whether the other side should not be read now: it is ahead of what becomes durable here, or of its quota. */
  get paused(): boolean {
    return this.#inflow.paused;
  }

  /** When a byte was heard last. */
  get heard(): number {
    return this.#inflow.heard;
  }

  /** Milliseconds there and back, as measured last. */
  get roundTrip(): number | null {
    return this.#pulse.roundTrip;
  }

  /** Shows our certificate: at the beginning; whenever it is replaced later on it is shown by itself. */
  showCertificate(): void {
    this.#shown = this.#terms.certificate();
    this.#say({ kind: 'certificate', payload: this.#shown });
  }

  /** Takes bytes of the other side, as many as came. */
  receive(bytes: Uint8Array, now: number): void {
    if (this.#over) return;
    this.#inflow.push(bytes, now);
    this.#readOn(now);
  }

  /** Sends a message, and before it where it belongs if that is known. It stays the caller's until it was acknowledged. */
  send(place: Place, body: Uint8Array, now: number, traceparent?: string): void {
    if (this.#over) return;
    if (traceparent !== undefined) this.#say({ kind: 'trace', payload: new TextEncoder().encode(traceparent) });
    this.#acks.sent(place, now);
    // In two parts, so that the body is not copied.
    if (!this.#port.send(dataHead(place, body.length), body)) this.#writable = false;
  }

  /** Passes on where a validator is reached. */
  tellAddresses(record: Uint8Array): void {
    this.#say({ kind: 'addresses', payload: record });
  }

  /** A message is durable here: it, and all before it, is acknowledged. */
  settle(place: Place, bytes: number, now: number): void {
    if (this.#over) return;
    this.#inflow.release(bytes);
    if (this.#acks.settled(place, this.#inflow.held === 0)) this.#sayDue();
    this.#readOn(now);
  }

  /** What was sent has gone out: more may follow. */
  drained(): void {
    this.#writable = true;
    this.#sayDue();
  }

  /** Looks at the clock: deadlines, pings, views and quotas. `own` is our view of the link. */
  tick(now: number, own: () => View): void {
    if (this.#over) return;
    const wrong = this.#late(now) ?? this.#expired();
    if (wrong !== undefined) {
      this.end(wrong);
      return;
    }
    this.#readOn(now);
    if (!this.#isOpenNow()) return;
    if (this.#terms.certificate() !== this.#shown) this.showCertificate();
    this.#sayDue();
    const nonce = this.#pulse.beat(now);
    if (nonce !== undefined) this.#say({ kind: 'ping', nonce });
    if (now - this.#viewed >= this.#limits.view && this.#writable) {
      this.#viewed = now;
      this.#say({ kind: 'view', payload: writeWord(own()) });
    }
  }

  /** Ends the link and says why, with proof where the other side was started later than it knows. */
  end(reason: PeerError, certificate?: Bye['certificate']): void {
    if (this.#over) return;
    this.#say({ kind: 'bye', payload: writeWord(byeOf(reason, certificate)) });
    this.#finish(reason, false);
  }

  /** The socket is gone. */
  lost(reason: PeerError): void {
    if (!this.#over) this.#finish(reason, false);
  }

  #finish(reason: PeerError, remote: boolean): void {
    this.#over = true;
    this.#open = false;
    this.#port.ended(reason, remote);
  }

  // TypeScript takes what was asked once for unchanged, though calls in between may have changed it.

  #isOpenNow(): boolean {
    return this.#open && !this.#over;
  }

  /** Hears the frames that are whole, as many as may be held. */
  #readOn(now: number): void {
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (!this.#over) {
        const frame = this.#inflow.next(this.#certificate !== undefined, now);
        if (frame === undefined) break;
        this.#hear(frame, now);
      }
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      this.end(error);
    } finally {
      this.#reading = false;
    }
  }

  #late(now: number): PeerError | undefined {
    const { greeting, dead, frame, ack } = this.#limits;
    if (!this.#open && now - this.#began > greeting) return new PeerError('peer.timeout', 'certificate and hello did not come in time');
    const { paused, heard, partialSince } = this.#inflow;
    const { askedAt } = this.#pulse;
    const { owedSince } = this.#acks;
    if (paused) return undefined;
    if (askedAt !== undefined && now - Math.max(heard, askedAt) > dead)
      return new PeerError('peer.timeout', `nothing was heard for ${String(Math.round((now - heard) / 1_000))} s`);
    if (partialSince !== undefined && now - partialSince > frame)
      return new PeerError('peer.slow', `a frame was not whole after ${String(frame / 1_000)} s`);
    if (owedSince !== undefined && now - owedSince > ack)
      return new PeerError('peer.timeout', `messages were not acknowledged within ${String(ack / 1_000)} s`);
    return undefined;
  }

  #expired(): PeerError | undefined {
    if (this.#certificate === undefined) return undefined;
    try {
      checkValidity(this.#certificate, this.#terms.expected().height);
      return undefined;
    } catch (error) {
      return error as PeerError;
    }
  }

  #hear(frame: Frame, now: number): void {
    if (frame.kind === 'certificate') {
      this.#hearCertificate(frame.payload);
      return;
    }
    if (frame.kind === 'bye') {
      this.#hearBye(frame.payload);
      return;
    }
    if (this.#certificate === undefined) throw new PeerError('peer.malformed', `a ${frame.kind} came before the certificate`);
    if (frame.kind === 'hello') {
      if (this.#open) throw new PeerError('peer.malformed', 'hello was said twice');
      const said = readWord(hello, frame.payload);
      this.#open = true;
      this.#port.opened(said);
      return;
    }
    if (!this.#open) throw new PeerError('peer.malformed', `a ${frame.kind} came before the hello`);
    switch (frame.kind) {
      case 'data':
        this.#inflow.hold(frame.body.length);
        this.#port.deliver({ epoch: frame.epoch, sequence: frame.sequence }, frame.body, this.#traceparent);
        this.#traceparent = undefined;
        return;
      case 'trace':
        this.#traceparent = textOfTraceparent(frame.payload);
        return;
      case 'ack':
        if (this.#acks.heard({ epoch: frame.epoch, sequence: frame.sequence }, now))
          this.#port.acknowledged({ epoch: frame.epoch, sequence: frame.sequence });
        return;
      case 'ping':
        this.#pongDue = frame.nonce;
        this.#sayDue();
        return;
      case 'pong':
        this.#pulse.answered(frame.nonce, now);
        return;
      case 'addresses':
        this.#port.addresses(frame.payload);
        return;
      case 'view':
        this.#port.viewed(readWord(view, frame.payload));
        return;
      case 'unknown':
        return;
    }
  }

  #hearCertificate(payload: Uint8Array): void {
    const before = this.#certificate;
    const expected = this.#terms.expected();
    if (before !== undefined) {
      const { validator, epoch, instance } = decodeCertificate(payload);
      if (validator !== before.validator || epoch !== before.epoch || instance !== before.instance)
        throw new PeerError('peer.malformed', 'a certificate came that is not of this start of this validator');
    }
    try {
      this.#certificate = acceptCertificate(payload, expected);
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      const seen = error.code === 'peer.stale-epoch' || error.code === 'peer.second-instance';
      this.end(error, seen ? expected.known(decodeCertificate(payload).validator)?.certificate : undefined);
      return;
    }
    this.#port.proven(this.#certificate, payload);
    if (before === undefined && !this.#over)
      this.#say({ kind: 'hello', payload: writeWord(this.#terms.hello(this.#certificate.validator)) });
  }

  #hearBye(payload: Uint8Array): void {
    const { code, text, certificate } = readWord(bye, payload);
    if (certificate !== undefined && provesRollBack(fromHex(certificate), this.#terms.self())) {
      const { epoch } = decodeCertificate(fromHex(certificate));
      const reason = `it has seen epoch ${String(epoch)} of us, signed with our key, and our store is in epoch ${String(this.#terms.self().epoch)}`;
      this.#finish(new PeerError('peer.rolled-back', reason, { cause: certificate }), true);
      return;
    }
    this.#finish(new PeerError(isPeerCode(code) ? code : 'peer.refused', text), true);
  }

  /** While nothing more goes out only the last of what is due is kept: an ack stands for those before it. */
  #sayDue(): void {
    const place = this.#writable ? this.#acks.takeDue() : undefined;
    if (place !== undefined) this.#say({ kind: 'ack', ...place });
    if (this.#pongDue === undefined || !this.#writable) return;
    const nonce = this.#pongDue;
    this.#pongDue = undefined;
    this.#say({ kind: 'pong', nonce });
  }

  #say(frame: Exclude<Frame, { kind: 'unknown' }>): void {
    if (!this.#over && !this.#port.send(encodeFrame(frame))) this.#writable = false;
  }
}
