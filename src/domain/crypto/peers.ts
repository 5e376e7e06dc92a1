import type { Hex } from '../hex.ts';
import type { PeerMessage } from '../peers/peerMessage.ts';
import type { Draft } from '../tables.ts';
import { sharesArrived } from './attempt.ts';
import { mayHearRound, musigCommitmentArrived, musigShareArrived } from './confirm.ts';
import type { CryptoContext } from './context.ts';
import { proposalArrived as proposalOfPartyArrived, readyArrived, roundArrived } from './convene.ts';
import { goOn } from './goOn.ts';
import { commitmentsArrived, sharesArrived as keyGenSharesArrived, proposalArrived, voteArrived } from './keyGen.ts';
import { blameArrived, mayAccuse } from './keyGenBlame.ts';
import { lackArrived, relayArrived } from './keyGenEcho.ts';
import { hearKeyGen, isKeyGen } from './keyGenWords.ts';
import type { PeerBody } from './peerBodies.ts';
import { epochOpenedArrived, epochSeenArrived } from './quarantine.ts';
import { complete, preprocessesArrived } from './signing.ts';
import { pointsArrived, slashWordArrived } from './slashReport.ts';
import { countHeard } from './standing.ts';

/** Rounds of `set_keys` far from ours are passed over, as are more accusations than there can be faults. */
const isNear = (draft: Draft, from: Hex, { body }: { readonly body: PeerBody['body'] }): boolean => {
  if ('accused' in body) return mayAccuse(draft, from, body);
  return !('round' in body) || mayHearRound(draft, body.id, body.round);
};

/** What another validator's crypto module said; its signature has been checked. */
export const peerSpoke = (draft: Draft, context: CryptoContext, message: PeerMessage, said: PeerBody): void => {
  const { from } = message;
  if (said.kind !== 'epoch.opened') countHeard(draft, from);
  if (isKeyGen(said) && (!isNear(draft, from, said) || !hearKeyGen(draft, context, message, said))) return;
  if (said.kind === 'keygen.relay') {
    const relayed = relayArrived(draft, context, said.body.id, said.body.message);
    if (relayed === undefined || !isNear(draft, relayed.message.from, relayed.said)) return;
    if (hearKeyGen(draft, context, relayed.message, relayed.said)) act(draft, context, relayed.message, relayed.said);
    return;
  }
  act(draft, context, message, said);
};

/** What follows from a word, whoever brought it. */
const act = (draft: Draft, context: CryptoContext, message: PeerMessage, said: Exclude<PeerBody, { kind: 'keygen.relay' }>): void => {
  const { from } = message;
  const { kind, body } = said;
  switch (kind) {
    case 'certificate.proposal':
      proposalArrived(draft, context, from, body);
      return;
    case 'certificate.vote':
      voteArrived(draft, context, from, body.id);
      return;
    case 'keygen.commitments':
      commitmentsArrived(draft, context, body.id);
      return;
    case 'keygen.shares':
      keyGenSharesArrived(draft, context, body.id);
      return;
    case 'musig.commitment':
      musigCommitmentArrived(draft, context, body.id, body.round);
      return;
    case 'musig.share':
      musigShareArrived(draft, context, body.id, body.round);
      return;
    case 'keygen.blame':
      blameArrived(draft, context, from, body);
      return;
    case 'keygen.lack':
      lackArrived(draft, context, from, body);
      return;
    case 'sign.preprocesses':
      preprocessesArrived(draft, context, message, body);
      return;
    case 'sign.shares':
      sharesArrived(draft, context, message, body);
      return;
    case 'sign.ready':
      readyArrived(draft, context, message, body);
      return;
    case 'sign.proposal':
      proposalOfPartyArrived(draft, context, message, body.id);
      return;
    case 'sign.round':
      roundArrived(draft, context, message, body.id);
      return;
    case 'epoch.opened':
      epochOpenedArrived(draft, context, from, body);
      return;
    case 'epoch.seen':
      epochSeenArrived(draft, context, from, body);
      goOn(draft, context);
      return;
    case 'sign.completed':
      complete(draft, context, body, false);
      return;
    case 'slash.points':
      pointsArrived(draft, context, message, body);
      return;
    case 'slash.proposal':
    case 'slash.vote':
      slashWordArrived(draft, context, message, body);
      return;
  }
};
