import type { PeerMessage } from '../peers/peerMessage.ts';
import type { KeyGenId } from '../processor/ids.ts';
import type { Draft } from '../tables.ts';
import type { CryptoContext } from './context.ts';
import { digestOf } from './digest.ts';
import { keyGenName } from './keyGenParty.ts';
import { mayHear, noteBlame } from './keyGenRows.ts';
import type { PeerBody } from './peerBodies.ts';
import { heard } from './rows.ts';
import { accuse } from './say.ts';

type KeyGenBody = Extract<PeerBody, { body: { id: KeyGenId } }>;

/** What two different words of a kind are called. */
const CONFLICT: Readonly<Record<string, string>> = {
  'certificate.proposal': 'certificate.conflict',
  'keygen.commitments': 'keygen.conflict',
  'keygen.shares': 'keygen.conflict',
  'musig.commitment': 'musig.conflict',
  'musig.share': 'musig.conflict',
};

/** Whether a message is about key generation. */
export const isKeyGen = (said: PeerBody): said is KeyGenBody => said.kind in CONFLICT || said.kind === 'certificate.vote';

const nameOf = ({ kind, body }: KeyGenBody, from: string): string =>
  `keygen/${keyGenName(body.id)}/${kind}${'round' in body ? `/${String(body.round)}` : ''}/${from}`;

/**
 * Keeps a member's signed word on a key generation. The first one stands; another one proves that the member speaks with two
 * tongues (design §7), but for votes, whose signatures are never the same twice. Returns whether the word is the first.
 */
export const hearKeyGen = (draft: Draft, context: CryptoContext, message: PeerMessage, said: KeyGenBody): boolean => {
  const { id } = said.body;
  if (!mayHear(draft, id)) return false;
  const name = nameOf(said, message.from);
  const known = heard.get(draft, name);
  if (known === undefined) {
    heard.put(draft, name, message);
    return true;
  }
  const code = CONFLICT[said.kind];
  if (code === undefined || digestOf(known.body) === digestOf(message.body)) return false;
  noteBlame(draft, id, message.from);
  accuse(draft, context, code, keyGenName(id), { id, messages: [known, message] });
  return false;
};

/** Forgets the words on a set's key generation, once its keys stand. */
export const forgetKeyGenWords = (draft: Draft, set: string): void => {
  for (const [name] of [...heard.rows(draft)]) if (name.startsWith(`keygen/${set}/`)) heard.delete(draft, name);
};
