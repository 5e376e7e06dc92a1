import { CoordinatorError } from '../errors.ts';

/** Why a link to another validator failed, ended or was refused (docs/peers.md says what to do about each). */
export const PEER_ERROR_CODES = [
  'peer.disconnected',
  'peer.timeout',
  'peer.slow',
  'peer.malformed',
  'peer.refused',
  'peer.stranger',
  'peer.foreign-chain',
  'peer.wrong-identity',
  'peer.unsigned',
  'peer.expired',
  'peer.not-yet-valid',
  'peer.stale-epoch',
  'peer.second-instance',
  'peer.rolled-back',
  'peer.replaced',
  'peer.gap',
  'peer.no-address',
  'peer.version',
  'peer.closing',
  'peer.port-in-use',
  'peer.address',
] as const;

export type PeerErrorCode = (typeof PEER_ERROR_CODES)[number];

/** A link to another validator that failed, or was refused. */
export class PeerError extends CoordinatorError {
  readonly code: PeerErrorCode;

  constructor(code: PeerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PeerError';
    this.code = code;
  }
}
