import type { Stream } from '@libp2p/interface';
import type { Hex } from '../../domain/hex.ts';
import { type Certificate, checkCertificate, type Expectation, readCertificate } from '../../domain/peers/certificate.ts';
import {
  decodeFrame,
  encodeFrame,
  FIRST_FRAME_LIMIT,
  FRAME_LIMIT,
  type Frame,
  FrameCutter,
  frameBytes,
} from '../../domain/peers/frames.ts';
import { PeerError } from '../../domain/peers/peerError.ts';
import type { PeerFrame } from '../../streams/fromPeers.ts';

/** How long the other side may take to show its certificate, in milliseconds. */
const HANDSHAKE_DEADLINE = 10_000;

/** How long a frame may go without acknowledgement, in milliseconds. */
const ACK_DEADLINE = 30_000;

export interface SessionOptions {
  readonly stream: Stream;
  /** Our certificate, ready to send. */
  readonly certificate: Uint8Array;
  readonly expected: Expectation;
  /** Called once the other side's certificate holds. */
  readonly opened: (certificate: Certificate, session: Session) => void;
  readonly deliver: (frame: PeerFrame) => Promise<void>;
}

/** A link to one validator: certificates first, then numbered frames and their acknowledgements. */
export class Session {
  readonly #stream: Stream;
  readonly #waiting = new Map<
    string,
    { readonly resolve: () => void; readonly reject: (error: Error) => void; readonly timer: NodeJS.Timeout }
  >();
  #over: PeerError | undefined;

  private constructor(stream: Stream) {
    this.#stream = stream;
  }

  /** Runs the link until it ends; the promise rejects with the reason. */
  static async run({ stream, certificate, expected, opened, deliver }: SessionOptions): Promise<never> {
    const session = new Session(stream);
    const deadline = setTimeout(() => {
      stream.abort(new PeerError('peer.timeout', 'no certificate came in time'));
    }, HANDSHAKE_DEADLINE);
    let validator: Hex | undefined;
    try {
      await session.#write(frameBytes(certificate));
      const cutter = new FrameCutter();
      for await (const chunk of stream) {
        for (const payload of cutter.cut(chunk instanceof Uint8Array ? chunk : chunk.subarray(), () =>
          validator === undefined ? FIRST_FRAME_LIMIT : FRAME_LIMIT,
        )) {
          if (validator === undefined) {
            const shown = readCertificate(payload);
            checkCertificate(shown, expected);
            clearTimeout(deadline);
            validator = shown.validator;
            opened(shown, session);
          } else {
            await session.#handle(validator, decodeFrame(payload), deliver);
          }
        }
      }
      throw new PeerError('peer.disconnected', 'the link was closed by the other side');
    } catch (cause) {
      const reason = cause instanceof PeerError ? cause : new PeerError('peer.disconnected', `the link broke: ${String(cause)}`, { cause });
      session.end(reason);
      throw reason;
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Sends one frame; resolves with its acknowledgement. */
  send(epoch: number, sequence: number, body: Uint8Array): Promise<void> {
    if (this.#over !== undefined) return Promise.reject(this.#over);
    const name = `${String(epoch)}/${String(sequence)}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.end(new PeerError('peer.timeout', `frame ${name} was not acknowledged in time`));
      }, ACK_DEADLINE);
      this.#waiting.set(name, { resolve, reject, timer });
      this.#write(encodeFrame({ kind: 'data', epoch, sequence, body })).catch((cause: unknown) => {
        this.end(new PeerError('peer.disconnected', `frame ${name} could not be sent: ${String(cause)}`, { cause }));
      });
    });
  }

  /** Drops the link; whatever waits for an acknowledgement is told why. */
  end(reason: PeerError): void {
    if (this.#over !== undefined) return;
    this.#over = reason;
    this.#stream.abort(reason);
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(reason);
    }
    this.#waiting.clear();
  }

  async #handle(from: Hex, frame: Frame, deliver: (frame: PeerFrame) => Promise<void>): Promise<void> {
    const { kind, epoch, sequence } = frame;
    if (kind === 'data') {
      // While this waits the stream is not read: the sender feels it.
      await deliver({ from, epoch, sequence, body: frame.body });
      await this.#write(encodeFrame({ kind: 'ack', epoch, sequence }));
      return;
    }
    const name = `${String(epoch)}/${String(sequence)}`;
    const waiting = this.#waiting.get(name);
    if (waiting === undefined) return;
    this.#waiting.delete(name);
    clearTimeout(waiting.timer);
    waiting.resolve();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (!this.#stream.send(bytes)) await this.#stream.onDrain({ signal: AbortSignal.timeout(ACK_DEADLINE) });
  }
}
