import { fromHex } from '../domain/hex.ts';
import type { TopicRecord } from '../domain/record.ts';
import { SealError } from '../domain/sealing/sealError.ts';
import { openRecord } from '../domain/sealing/sealedRecord.ts';
import type { View } from '../domain/tables.ts';
import { counterparts } from './moduleLedger.ts';

const KEY_ID = /^(?<sender>.+)#(?<senderEpoch>\d+)>(?<receiver>.+)#(?<receiverEpoch>\d+)$/;

/** What a reader opens sealed records with. */
export interface Unsealing {
  readonly self: string;
  readonly sealingSecret: (epoch: number) => Uint8Array | undefined;
}

/**
 * A record's data in clear: opened with the keys its `keyid` names where it is sealed, as it is where it is not.
 * Throws SealError where the record is not for us, names a key we do not have, or was changed.
 */
export const dataOf = (view: View, { self, sealingSecret }: Unsealing, topic: string, record: TopicRecord): Uint8Array => {
  const { keyid, source } = record.attributes;
  if (keyid === undefined) return record.data;
  const { sender, senderEpoch, receiver, receiverEpoch } = KEY_ID.exec(keyid)?.groups ?? {};
  const secret = sealingSecret(Number(receiverEpoch));
  const known = counterparts.get(view, `${source}#${String(senderEpoch)}`);
  if (sender !== source || receiver !== self || secret === undefined || known === undefined)
    throw new SealError('seal.failed', `the record on ${topic} is sealed with a key this module does not have (${keyid})`);
  return openRecord({ topic, record, receiverSecret: secret, senderPublic: fromHex(known.publicKey) });
};
