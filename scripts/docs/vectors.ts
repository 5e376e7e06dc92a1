import { x25519 } from '@noble/curves/ed25519.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../../src/domain/canonicalJson.ts';
import { digestBytes, digestOf } from '../../src/domain/crypto/digest.ts';
import { keyGenStart } from '../../src/domain/crypto/keyGenClock.ts';
import { partyBytes } from '../../src/domain/crypto/keyGenParty.ts';
import { slashReportBytes } from '../../src/domain/crypto/slashReportBytes.ts';
import { tallySlashes } from '../../src/domain/crypto/tallySlashes.ts';
import { fromHex, type Hex, toHex } from '../../src/domain/hex.ts';
import { attemptStream, encodeSignId, keyGenStream, slashReportStream } from '../../src/domain/party/attemptStream.ts';
import { drawParty } from '../../src/domain/party/drawParty.ts';
import { seedHeight, windowAt } from '../../src/domain/party/window.ts';
import { peerMessageBytes } from '../../src/domain/peers/peerMessage.ts';
import type { SetId, SignId } from '../../src/domain/processor/ids.ts';
import { canonicalAttributes } from '../../src/domain/record/canonical.ts';
import { recordDigest } from '../../src/domain/record/recordDigest.ts';
import { publicKeyOf, signRecord } from '../../src/domain/record/signRecord.ts';
import type { Attributes } from '../../src/domain/record.ts';
import { sealRecord } from '../../src/domain/sealing/sealedRecord.ts';
import { reportSlashesMessage } from '../../src/domain/serai/messages.ts';

const filled = (byte: number, length = 32): Hex => `0x${byte.toString(16).padStart(2, '0').repeat(length)}`;
const counting = toHex(Uint8Array.from({ length: 32 }, (_, index) => index));

/** One vector a line, so that a change shows. */
const block = (vectors: Readonly<Record<string, readonly unknown[]>>): string =>
  [
    '```json',
    '{',
    Object.entries(vectors)
      .map(([name, all]) => `"${name}": [\n${all.map((one) => JSON.stringify(one)).join(',\n')}\n]`)
      .join(',\n'),
    '}',
    '```',
  ].join('\n');

const draw = (blockHash: Hex, participants: number, threshold: number, stream: bigint) => {
  const party = drawParty({ blockHash: fromHex(blockHash), participants, threshold, stream });
  return { blockHash, n: participants, t: threshold, stream: String(stream), party };
};

const genesis = filled(7);
const set: SetId = { network: 'Bitcoin', session: 0 };
const ids: readonly SignId[] = [
  { set, kind: 'batch', id: '0', attempt: 0 },
  { set, kind: 'batch', id: '7', attempt: 128 },
  { set: { network: 'Monero', session: 3 }, kind: 'plan', id: filled(0x11), attempt: 0 },
  { set: { network: 'Ethereum', session: 2 }, kind: 'slash-report', id: '1', attempt: 65 },
];
const [a, b, c, d] = [0xa1, 0xb2, 0xc3, 0xd4].map((byte) => filled(byte)) as [Hex, Hex, Hex, Hex];
const party = {
  id: { set, attempt: 1 },
  anchor: { number: 100, hash: counting },
  threshold: 5,
  members: [
    { validator: b, participants: [1, 2] },
    { validator: a, participants: [3] },
    { validator: d, participants: [4, 5, 6] },
  ],
  removed: [{ validator: c, weight: 1 }],
};
const members = [
  { validator: b, participants: [1, 2] },
  { validator: c, participants: [3] },
  { validator: a, participants: [4] },
  { validator: d, participants: [5, 6, 7] },
];
const points = { [a]: { [c]: 3, [d]: 1 }, [b]: { [c]: 5, [b]: 9 }, [d]: { [c]: 4_294_967_295, [a]: 2 } };
const report = tallySlashes(members, 5, points);
const preprocesses = { '1': '0x0a', '3': '0x0b', '10': '0x0c' };
const message = {
  kind: 'sign.preprocesses',
  from: a,
  to: b,
  genesis,
  id: `sign.preprocesses/Bitcoin/0/batch/7/128/${a}`,
  body: { id: ids[1] as SignId, digest: filled(0x22), preprocesses },
};

/** What a second implementation of the protocol between validators is held against (docs/protocol.md). */
export const protocolVectors = (): Promise<string> =>
  Promise.resolve(
    block({
      draws: [
        draw(filled(0), 4, 3, 0n),
        draw(filled(0), 7, 5, 0n),
        draw(counting, 4, 3, 15716081293017067976n),
        draw(counting, 150, 10, 1n),
        draw(filled(0xff), 100, 100, 18446744073709551615n),
      ],
      signIds: ids.map((id) => ({ id, bytes: toHex(encodeSignId(id)), stream: String(attemptStream(id)) })),
      keyGenStreams: [0, 1].map((attempt) => ({ id: { set, attempt }, stream: String(keyGenStream({ set, attempt })) })),
      slashReportStreams: [0, 3].map((number) => ({ set, number, stream: String(slashReportStream(set, number)) })),
      keyGenAttempts: [0, 1, 3, 4, 6, 7, 8].map((attempt) => ({ anchor: 100, attempt, opens: keyGenStart(100, attempt) })),
      windows: [100, 104, 105, 110, 139].map((height) => ({ anchor: 100, height, ...windowAt(100, height) })),
      attempts: [0, 64, 129].map((attempt) => ({ anchor: 100, attempt, seedHeight: seedHeight(100, attempt) })),
      digests: [{ value: preprocesses, canonical: canonicalJson(preprocesses), digest: digestOf(preprocesses) }],
      parties: [{ genesis, party, digest: digestOf(party), signed: toHex(partyBytes(genesis, digestOf(party))) }],
      messages: [{ ...message, signed: toHex(peerMessageBytes(message)) }],
      slashReports: [
        {
          ...{ set, number: 2, genesis, members, t: 5, points, report },
          signed: toHex(slashReportBytes(genesis, set, 2, report)),
          message: toHex(
            reportSlashesMessage(
              set,
              report.map(({ validator, points: of }) => [fromHex(validator), of] as const),
            ),
          ),
        },
      ],
    }),
  );

const attributes: Attributes = {
  id: 'serai.sign.attempt.v1/Bitcoin/0/batch/7/128',
  source: '/alice/crypto',
  type: 'serai.sign.attempt.v1',
  time: '2026-01-02T03:04:05.000Z',
  subject: 'Bitcoin/0/batch/7/128',
  datacontenttype: 'application/octet-stream',
  sequence: 2n,
  previoushash: filled(0x33),
  epoch: 4,
  keyid: '/alice/crypto#4>/alice/processor/bitcoin#9',
};
const topic = 'alice-bitcoin-commands';
const [sender, receiver, signer, nonce] = [fromHex(filled(1)), fromHex(filled(2)), fromHex(filled(3)), fromHex(filled(4, 24))];
const plaintext = canonicalJson({ id: ids[1], digest: filled(0x22), start: 120, party: [1, 2, 3] });

/** What a processor in another language is held against (docs/processor-protocol.md). */
export const processorVectors = (): Promise<string> => {
  const data = sealRecord({
    ...{ topic, attributes, nonce, plaintext: utf8ToBytes(plaintext) },
    ...{ senderSecret: sender, receiverPublic: x25519.getPublicKey(receiver) },
  });
  const record = { attributes, data };
  return Promise.resolve(
    block({
      records: [
        {
          topic,
          attributes: { ...attributes, sequence: '2' },
          canonical: toHex(canonicalAttributes(topic, attributes)),
          plaintext,
          senderSecret: toHex(sender),
          senderPublic: toHex(x25519.getPublicKey(sender)),
          receiverSecret: toHex(receiver),
          receiverPublic: toHex(x25519.getPublicKey(receiver)),
          data: toHex(data),
          digest: toHex(recordDigest(topic, record)),
          signerPublic: toHex(publicKeyOf(signer)),
          signature: toHex(signRecord(topic, record, signer)),
        },
      ],
      maps: [{ preprocesses, map: digestOf(preprocesses) }],
      certificates: [{ genesis, party, signed: toHex(partyBytes(genesis, digestOf(party))) }],
      batches: [
        {
          batch: '0x01070000',
          message: toHex(utf8ToBytes('InInstructions-batch')) + '01070000',
          digest: digestBytes(utf8ToBytes('InInstructions-batch\x01\x07\0\0')),
        },
      ],
    }),
  );
};
