import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';

/** A secret of the devnet: 32 bytes derived from its root secret by name, so that a folder needs to hold only the root. */
export const deriveKey = (root: Uint8Array, name: string): Uint8Array =>
  hkdf(sha256, root, undefined, utf8ToBytes(`serai-coordinator/devnet/${name}`), 32);
