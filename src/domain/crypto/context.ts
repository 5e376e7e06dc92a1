import type { Hex } from '../hex.ts';
import type { ExternalNetworkName } from '../processor/ids.ts';
import type { Musig } from './musigSigner.ts';

/** Who decides, and the few acts a decision needs that are not plain data. */
export interface CryptoContext {
  /** Our Serai public key. */
  readonly self: Hex;
  readonly genesisHash: Hex;
  readonly networks: readonly ExternalNetworkName[];
  readonly topics: {
    readonly commands: (network: ExternalNetworkName) => string;
    readonly outbound: string;
    readonly reports: string;
  };
  /** Signs with our Serai key (sr25519, context `substrate`). */
  readonly sign: (message: Uint8Array) => Uint8Array;
  readonly verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
  /**
   * Whether a block of this time (milliseconds since 1970) is of now. Of older ones, as they are read again after a time away,
   * everything is taken note of and nothing begun: record everything, act only on what is live (design §6).
   */
  readonly isLive: (time: number) => boolean;
  /** Signs `set_keys`; its nonces are in memory only (design §7.4). */
  readonly musig: Musig;
}
