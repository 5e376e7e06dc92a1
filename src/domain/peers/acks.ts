import { isAfter, type Place } from './frames.ts';
import { PeerError } from './peerError.ts';

/** Messages that are acknowledged by one frame at most, while others are on their way to be durable. */
const ACK_EVERY = 16;

/** What each side of a link owes the other for the messages it was sent; an acknowledgement stands for all before it. */
export class Acks {
  #due: Place | undefined;
  #settled = 0;
  #sent: Place | undefined;
  #acknowledged: Place | undefined;
  #owedSince: number | undefined;

  /** Since when the other side owes us one. */
  get owedSince(): number | undefined {
    return this.#owedSince;
  }

  /** We have sent a message. */
  sent(place: Place, now: number): void {
    this.#owedSince ??= now;
    this.#sent = place;
  }

  /** The other side acknowledges; whether that is news. Throws PeerError `peer.malformed` for what was never sent. */
  heard(place: Place, now: number): boolean {
    const { epoch, sequence } = place;
    if (this.#sent === undefined || isAfter(place, this.#sent))
      throw new PeerError('peer.malformed', `message ${String(sequence)} of epoch ${String(epoch)} was acknowledged, and never sent`);
    if (this.#acknowledged !== undefined && !isAfter(place, this.#acknowledged)) return false;
    this.#acknowledged = place;
    this.#owedSince = isAfter(this.#sent, place) ? now : undefined;
    return true;
  }

  /** A message of the other side is durable; whether it is time to say so: where more is about to be, one acknowledgement stands for several. */
  settled(place: Place, isLast: boolean): boolean {
    if (this.#due === undefined || isAfter(place, this.#due)) this.#due = place;
    this.#settled += 1;
    return isLast || this.#settled >= ACK_EVERY;
  }

  /** What we owe, once. */
  takeDue(): Place | undefined {
    const due = this.#due;
    this.#due = undefined;
    this.#settled = 0;
    return due;
  }
}
