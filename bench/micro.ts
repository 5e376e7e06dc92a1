import { ed25519 } from '@noble/curves/ed25519.js';
import { measure } from 'mitata';
import { toHex } from '../src/domain/hex.ts';
import { drawParty } from '../src/domain/party/drawParty.ts';
import { recordDigest } from '../src/domain/record/recordDigest.ts';
import { signRecord, verifySignature } from '../src/domain/record/signRecord.ts';
import type { TopicRecord } from '../src/domain/record.ts';
import type { Figure } from './figure.ts';

/** Records and draws, each against the bare primitive it stands on. */
export const micro = async (report: (figure: Figure) => void): Promise<void> => {
  const secret = new Uint8Array(32).fill(7);
  const publicKey = ed25519.getPublicKey(secret);
  const record: TopicRecord = {
    attributes: {
      id: 'serai.chain.block.v1/1',
      source: '/alice/observation',
      type: 'serai.chain.block.v1',
      time: new Date(0).toISOString(),
      datacontenttype: 'application/json',
      sequence: 1n,
      previoushash: toHex(new Uint8Array(32)),
      epoch: 1,
    },
    data: new Uint8Array(256),
  };
  const signature = signRecord('alice-chain', record, secret);
  const signed = { ...record, attributes: { ...record.attributes, signature: toHex(signature) } };
  const digest = recordDigest('alice-chain', record);
  const bare = ed25519.sign(digest, secret);
  const microseconds = async (run: () => unknown): Promise<number> => (await measure(run)).p50 / 1000;
  const pair = async (name: string, ours: () => unknown, reference: () => unknown, referenceName: string, goal: string): Promise<void> => {
    report({
      bench: 'micro',
      case: name,
      unit: 'us',
      ours: await microseconds(ours),
      reference: await microseconds(reference),
      referenceName,
      goal,
    });
  };
  await pair(
    'sign a record',
    () => signRecord('alice-chain', record, secret),
    () => ed25519.sign(digest, secret),
    'bare Ed25519',
    '<=1.3',
  );
  await pair(
    'verify a record',
    () => verifySignature('alice-chain', signed, publicKey),
    () => ed25519.verify(bare, digest, publicKey),
    'bare Ed25519',
    '<=1.3',
  );
  const blockHash = new Uint8Array(32).fill(3);
  const draw = await microseconds(() => drawParty({ blockHash, participants: 150, threshold: 101 }));
  report({ bench: 'micro', case: 'draw 101 of 150', unit: 'us', ours: draw, reference: null, referenceName: null, goal: null });
};
