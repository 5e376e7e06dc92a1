import type { Hex } from '../../domain/hex.ts';
import { isPrivate, withoutIdentity } from '../../domain/peers/addresses.ts';
import { ADDRESSES_AT_MOST, signAddressRecord } from '../../domain/peers/addressRecord.ts';
import { CERTIFICATE_HEAD_START, signCertificate } from '../../domain/peers/certificate.ts';
import type { PeerMemory } from '../../streams/fromPeers.ts';

export interface OwnPapersOptions {
  readonly validator: Hex;
  readonly genesisHash: Hex;
  readonly peerId: string;
  /** Where others reach us; without it, where we listen. */
  readonly announce: readonly string[];
  readonly listens: readonly string[];
  /** Makes an sr25519 signature with our Serai key. */
  readonly sign: (message: Uint8Array) => Uint8Array;
  readonly memory: Pick<PeerMemory, 'start' | 'height'>;
  /** Blocks a certificate is valid for. */
  readonly certificateBlocks: number;
}

/** What we show of ourselves: a certificate, made anew when half of its blocks are over, and a record of where we are reached. */
export class OwnPapers {
  readonly #options: OwnPapersOptions;
  #certificate: { readonly bytes: Uint8Array; readonly renewAt: number } | undefined;
  #addresses: Uint8Array;

  constructor(options: OwnPapersOptions) {
    this.#options = options;
    this.#addresses = this.#signAddresses();
  }

  /** Our certificate, ready to send; the same bytes until it is replaced. */
  get certificate(): Uint8Array {
    const height = this.#height;
    if (this.#certificate === undefined || height >= this.#certificate.renewAt) {
      const { certificateBlocks } = this.#options;
      this.#certificate = { bytes: this.#signCertificate(height), renewAt: height + Math.ceil(certificateBlocks / 2) };
    }
    return this.#certificate.bytes;
  }

  /** Where we are reached, ready to send. */
  get addresses(): Uint8Array {
    return this.#addresses;
  }

  /** Another epoch has begun: all papers are of the one before. */
  renew(): void {
    this.#certificate = undefined;
    this.#addresses = this.#signAddresses();
  }

  get #height(): number {
    return Math.max(0, this.#options.memory.height());
  }

  #signCertificate(height: number): Uint8Array {
    const { validator, genesisHash, peerId, memory, certificateBlocks, sign } = this.#options;
    const certificate = {
      validator,
      genesis: genesisHash,
      ...memory.start(),
      validFrom: Math.max(0, height - CERTIFICATE_HEAD_START),
      validUntil: height + certificateBlocks,
      peerId,
    };
    return signCertificate(certificate, sign);
  }

  #signAddresses(): Uint8Array {
    const { validator, genesisHash, memory, sign } = this.#options;
    const { epoch } = memory.start();
    return signAddressRecord({ validator, genesis: genesisHash, epoch, revision: 1, addresses: this.#announced() }, sign);
  }

  #announced(): readonly string[] {
    const { announce, listens } = this.#options;
    if (announce.length > 0) return announce.slice(0, ADDRESSES_AT_MOST);
    const own = listens.map(withoutIdentity);
    const reachable = own.filter((address) => !isPrivate(address));
    return (reachable.length > 0 ? reachable : own).slice(0, ADDRESSES_AT_MOST);
  }
}
