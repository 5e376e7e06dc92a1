import { createHmac } from 'node:crypto';
import { type Hex, toHex } from '../../domain/hex.ts';
import type { Secret } from '../../domain/sealing/secret.ts';

/** What backups of a deployment are sealed, named and signed with. */
export interface BackupKeys {
  /** 32 bytes: seals chunks. */
  readonly seal: Secret;
  /** 32 bytes: names chunks, so that a name tells nothing of what is in them. */
  readonly name: Secret;
  /** Ed25519 seed: signs manifests. */
  readonly sign: Secret;
  /** The public key manifests are checked with: derived here or pinned, never read from the backup. */
  readonly publicKey: Uint8Array;
  /** The fingerprint of the master key behind them. */
  readonly masterKey: string;
}

/** The name of a chunk: HMAC-SHA256 of its bytes. */
export const chunkId = ({ name }: BackupKeys, bytes: Uint8Array): Hex => toHex(createHmac('sha256', name.expose()).update(bytes).digest());
