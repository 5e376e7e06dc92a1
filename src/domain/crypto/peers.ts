import type { Hex } from '../hex.ts';
import type { Draft } from '../tables.ts';
import { musigCommitmentArrived, musigShareArrived } from './confirm.ts';
import type { CryptoContext } from './context.ts';
import { commitmentsArrived, sharesArrived as keyGenSharesArrived, proposalArrived, voteArrived } from './keyGen.ts';
import type { PeerBody } from './peerBodies.ts';
import { complete, preprocessesArrived, sharesArrived } from './signing.ts';

/** What another validator's crypto module said; its signature has been checked. */
export const peerSpoke = (draft: Draft, context: CryptoContext, from: Hex, { kind, body }: PeerBody): void => {
  switch (kind) {
    case 'certificate.proposal':
      proposalArrived(draft, context, from, body);
      return;
    case 'certificate.vote':
      voteArrived(draft, context, from, body.id, body.signature);
      return;
    case 'keygen.commitments':
      commitmentsArrived(draft, context, from, body.id, body.commitments);
      return;
    case 'keygen.shares':
      keyGenSharesArrived(draft, context, from, body.id, body.shares);
      return;
    case 'musig.commitment':
      musigCommitmentArrived(draft, context, from, body.id, body);
      return;
    case 'musig.share':
      musigShareArrived(draft, context, from, body.id, body.round, body.share);
      return;
    case 'sign.preprocesses':
      preprocessesArrived(draft, context, from, body.id, body.digest, body.preprocesses);
      return;
    case 'sign.shares':
      sharesArrived(draft, context, from, body);
      return;
    case 'sign.completed':
      complete(draft, context, body.id, body.digest, body.signature, false);
      return;
  }
};
