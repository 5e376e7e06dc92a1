import { CoordinatorError } from '../errors.ts';

export type PeerErrorCode = 'peer.disconnected' | 'peer.timeout' | 'peer.refused' | 'peer.malformed' | 'peer.port-in-use' | 'peer.address';

/** A link to another validator that failed, or was refused. */
export class PeerError extends CoordinatorError {
  readonly code: PeerErrorCode;

  constructor(code: PeerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PeerError';
    this.code = code;
  }
}
