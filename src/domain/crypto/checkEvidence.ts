import { z } from 'zod';
import { canonicalJson } from '../canonicalJson.ts';
import { type PeerMessage, peerMessage, verifyPeerMessage } from '../peers/peerMessage.ts';
import { setName, signIdName } from '../processor/ids.ts';
import { keyGenName } from './keyGenParty.ts';
import { peerBody } from './peerBodies.ts';

/** What a report of evidence holds where signed messages prove it. */
export const evidenceBundle = z.object({
  code: z.string().min(1),
  evidence: z.object({ messages: z.array(peerMessage), reason: z.string().optional() }),
});
export type EvidenceBundle = z.infer<typeof evidenceBundle>;

/** What a bundle comes to for someone who has the validators' public keys and nothing else. */
export interface EvidenceVerdict {
  /** `proven`: the messages contradict each other; `signed`: they were said, and whether they are wrong the chain or a processor tells; `unproven`: they prove nothing. */
  readonly verdict: 'proven' | 'signed' | 'unproven';
  /** Whose words they are. */
  readonly against: readonly string[];
  readonly why: string;
}

/** What a message is about: a validator says one thing for each. Key shares are another thing for each receiver, blames for each accused. */
const matterOf = ({ kind, body, genesis, to }: PeerMessage): string | undefined => {
  const said = peerBody.safeParse({ kind, body });
  // A vote is a signature, and no two of those are alike.
  if (!said.success || kind === 'certificate.vote' || kind === 'slash.vote' || kind === 'keygen.relay') return undefined;
  const { body: about } = said.data;
  if (said.data.kind === 'epoch.opened') return undefined;
  if ('set' in about) return [genesis, kind, setName(about.set), ...('number' in about ? [about.number] : [])].join('/');
  if (!('id' in about)) return undefined;
  const matter = 'kind' in about.id ? signIdName(about.id) : keyGenName(about.id);
  const more = [
    ...('round' in about ? [about.round] : []),
    ...(kind === 'keygen.shares' ? [to] : []),
    ...('accused' in about ? [about.accused] : []),
  ];
  return [genesis, kind, matter, ...more].join('/');
};

/**
 * Checks evidence with the validators' public keys alone (design §8): every message must be signed by whom it names; two by one
 * validator, of one kind and for one attempt, that say different things prove that it speaks with two tongues.
 */
export const checkEvidence = ({ evidence: { messages, reason } }: EvidenceBundle): EvidenceVerdict => {
  const against = [...new Set(messages.map(({ from }) => from))];
  if (messages.length === 0) return { verdict: 'unproven', against: [], why: 'it holds no signed message' };
  const unsigned = messages.find((message) => !verifyPeerMessage(message));
  if (unsigned !== undefined)
    return { verdict: 'unproven', against: [], why: `a message is not signed by ${unsigned.from}, whom it names as its sender` };
  for (const [index, first] of messages.entries()) {
    const matter = matterOf(first);
    const other = messages
      .slice(index + 1)
      .find((message) => message.from === first.from && matter !== undefined && matterOf(message) === matter);
    if (other !== undefined && canonicalJson(other.body) !== canonicalJson(first.body))
      return { verdict: 'proven', against: [first.from], why: `${first.from} has signed two different words: ${String(matter)}` };
  }
  return { verdict: 'signed', against, why: reason ?? 'the words are theirs' };
};
