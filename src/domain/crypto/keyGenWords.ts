import type { Hex } from '../hex.ts';
import type { PeerMessage } from '../peers/peerMessage.ts';
import { type KeyGenId, setName } from '../processor/ids.ts';
import type { Draft, View } from '../tables.ts';
import type { CryptoContext } from './context.ts';
import { digestOf } from './digest.ts';
import { keyGenName } from './keyGenParty.ts';
import { mayHear, noteDouble } from './keyGenRows.ts';
import type { PeerBody } from './peerBodies.ts';
import { heard, sets } from './rows.ts';
import { accuse, signedFor, tellPeers } from './say.ts';

/** What a member says of a key generation itself; what it relays are the words of others. */
export type KeyGenBody = Exclude<Extract<PeerBody, { body: { id: KeyGenId } }>, { kind: 'keygen.relay' }>;

/** What members say of key generation, by kind. */
export type KeyGenSaid = { readonly [Said in KeyGenBody as Said['kind']]: Said['body'] };

/** What two different words of a kind are called. */
const CONFLICT: Readonly<Record<string, string>> = {
  'certificate.proposal': 'certificate.conflict',
  'keygen.commitments': 'keygen.conflict',
  'keygen.shares': 'keygen.conflict',
  'keygen.blame': 'keygen.conflict',
  'musig.commitment': 'musig.conflict',
  'musig.share': 'musig.conflict',
};

/** Whether a message is about key generation. */
export const isKeyGen = (said: PeerBody): said is KeyGenBody =>
  said.kind in CONFLICT || said.kind === 'certificate.vote' || said.kind === 'keygen.lack';

/** What a member says more than one word of a kind about in an attempt: a round, or whom it accuses. */
export type About = number | Hex;

const wordName = (id: KeyGenId, kind: string, from: Hex, about?: About): string =>
  `keygen/${keyGenName(id)}/${kind}${about === undefined ? '' : `/${String(about)}`}/${from}`;

/** The round that a word is of, or whom it accuses. */
export const aboutOf = ({ body }: KeyGenBody): About | undefined => {
  if ('accused' in body) return body.accused;
  return 'round' in body ? body.round : undefined;
};

const nameOf = (said: KeyGenBody, from: Hex): string => wordName(said.body.id, said.kind, from, aboutOf(said));

/** A member's first signed word of a kind on an attempt: ours too, but for the shares, which are another word to each. */
export const messageOf = (view: View, id: KeyGenId, kind: KeyGenBody['kind'], from: Hex, about?: About): PeerMessage | undefined =>
  heard.get(view, wordName(id, kind, from, about));

/** What a member said, as it was read when it was heard. */
export const wordOf = <K extends keyof KeyGenSaid>(
  view: View,
  id: KeyGenId,
  kind: K,
  from: Hex,
  about?: About,
): KeyGenSaid[K] | undefined => messageOf(view, id, kind, from, about)?.body as KeyGenSaid[K] | undefined;

/**
 * Keeps a member's signed word on a key generation. The first one stands; another one proves that the member speaks with two
 * tongues (design §7), but for votes, whose signatures are never the same twice. Returns whether the word is the first.
 */
export const hearKeyGen = (draft: Draft, context: CryptoContext, message: PeerMessage, said: KeyGenBody): boolean => {
  const { id } = said.body;
  const { from } = message;
  if (!mayHear(draft, id)) return false;
  if (sets.get(draft, setName(id.set))?.members.some(({ validator }) => validator === from) === false) return false;
  const name = nameOf(said, from);
  const known = heard.get(draft, name);
  if (known === undefined) {
    heard.put(draft, name, message);
    return true;
  }
  const code = CONFLICT[said.kind];
  if (code === undefined || digestOf(known.body) === digestOf(message.body)) return false;
  noteDouble(draft, id, from);
  accuse(draft, context, code, keyGenName(id), { id, messages: [known, message] });
  return false;
};

/** Drops a member's shares for us, as if they had not come: they are not made with what we were told. */
export const forgetShares = (draft: Draft, id: KeyGenId, from: Hex): void => {
  heard.delete(draft, wordName(id, 'keygen.shares', from));
};

/** Says one thing to all of these, once and for ever: our own word stands beside those of the others before it leaves. */
export const sayKeyGen = (draft: Draft, context: CryptoContext, to: readonly Hex[], intent: string, said: KeyGenBody): void => {
  heard.put(draft, nameOf(said, context.self), signedFor(context, context.self, intent, said));
  tellPeers(draft, context, to, intent, said);
};
