import type { Hex } from '../hex.ts';
import type { PeerErrorCode } from './peerError.ts';
import type { View } from './words.ts';

/** How a link to a validator stands. */
export type PeerState = 'connected' | 'connecting' | 'disconnected' | 'no-address' | 'not-admitted';

/** What went wrong last with a validator: the end of a link, a dial that failed, a refusal of ours or theirs. */
export interface LastError {
  readonly code: PeerErrorCode;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Whether the other side said it. */
  readonly theirs: boolean;
}

/** How we see another validator's coordinator, and how it says it sees us. Times are milliseconds, moments since 1970. */
export interface PeerReport {
  readonly validator: Hex;
  readonly state: PeerState;
  readonly since: number;
  /** The address of the link, or the one dialled last. */
  readonly address: string | null;
  readonly openedBy: 'us' | 'them' | null;
  readonly roundTrip: number | null;
  /** Messages that wait for its acknowledgement. */
  readonly queue: number;
  readonly lastError: LastError | null;
  /** Of its software, and of the protocol spoken on the link. */
  readonly version: string | null;
  readonly protocol: number | null;
  readonly epoch: number | null;
  /** The height its certificate is valid until. */
  readonly certificateUntil: number | null;
  /** Whether it is beyond its quota just now. */
  readonly throttled: boolean;
  readonly links: number;
  readonly failures: number;
  readonly sentMessages: number;
  readonly sentBytes: number;
  readonly receivedMessages: number;
  readonly receivedBytes: number;
  /** How it said it sees us, and when; `null`: it never said. */
  readonly theirs: (View & { readonly at: number }) | null;
}

/** All links of a coordinator. */
export interface PeersReport {
  readonly self: Hex;
  readonly listens: readonly string[];
  readonly height: number;
  readonly peers: readonly PeerReport[];
  /** Connections and certificates that were refused, by code; strangers are in no other account. */
  readonly refused: Readonly<Partial<Record<PeerErrorCode, number>>>;
  /** Why no links are held at all, if that is so. */
  readonly stopped: string | null;
}
