import { digestOf } from '../../src/domain/crypto/digest.ts';
import type { Musig } from '../../src/domain/crypto/musigSigner.ts';
import { fromHex, type Hex, toHex } from '../../src/domain/hex.ts';
import type { MusigRound, MusigSession } from '../../src/domain/threshold/musig.ts';

/** The share of a signer where its mathematics do not matter: a digest of all that it must depend on. */
const shareOf = (key: Uint8Array | undefined, commitments: Hex, message: Uint8Array): Hex =>
  digestOf(['share', toHex(key ?? new Uint8Array()), commitments, toHex(message)]);

const commitmentsOf = ({ commitments }: MusigRound): Hex => digestOf(commitments.map(toHex));

/** The signature of all these over a message: 64 bytes. */
export const modelMusigSignature = (publicKeys: readonly Uint8Array[], message: Uint8Array): Hex => {
  const digest = digestOf(['signature', publicKeys.map(toHex), toHex(message)]);
  return `0x${digest.slice(2).repeat(2)}`;
};

/** MuSig without mathematics, but with its rule that nonces serve once. */
export class ModelMusig implements Musig {
  readonly #self: Hex;
  readonly #held = new Set<string>();
  static #made = 0;

  constructor(self: Hex) {
    this.#self = self;
  }

  commit(name: string): Hex {
    ModelMusig.#made += 1;
    this.#held.add(name);
    const digest = digestOf(['nonce', this.#self, ModelMusig.#made]);
    return `0x${digest.slice(2).repeat(2)}`;
  }

  holds(name: string): boolean {
    return this.#held.has(name);
  }

  share(name: string, session: MusigSession): Hex | undefined {
    if (!this.#held.delete(name)) return undefined;
    return shareOf(session.publicKeys[session.index], commitmentsOf(session), session.message);
  }

  stands(commitment: Hex): boolean {
    return commitment.length === 2 + 2 * 64;
  }

  aggregate(round: MusigRound, shares: readonly Uint8Array[]): Hex | readonly number[] {
    const { publicKeys, message } = round;
    const commitments = commitmentsOf(round);
    const wrong = shares.flatMap((share, place) => (toHex(share) === shareOf(publicKeys[place], commitments, message) ? [] : [place]));
    return wrong.length > 0 ? wrong : modelMusigSignature(publicKeys, message);
  }
}

/** Whether a signature is the one that all these make over a message. */
export const modelMusigVerify = (publicKeys: readonly Uint8Array[], message: Uint8Array, signature: Hex): boolean =>
  fromHex(signature).length === 64 && signature === modelMusigSignature(publicKeys, message);
