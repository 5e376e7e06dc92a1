import { describe, expect, it } from 'vitest';
import { checkEvidence } from '../../../src/domain/crypto/checkEvidence.ts';
import type { PeerBody } from '../../../src/domain/crypto/peerBodies.ts';
import { type Hex, toHex } from '../../../src/domain/hex.ts';
import { type PeerMessage, signPeerMessage } from '../../../src/domain/peers/peerMessage.ts';
import { devAccount, signSr25519 } from '../../../src/domain/threshold/schnorrkel.ts';

const GENESIS: Hex = `0x${'07'.repeat(32)}`;

const say = (name: string, { kind, body }: PeerBody, genesis = GENESIS, receiver = 'Alice'): PeerMessage => {
  const { publicKey, secretKey } = devAccount(name);
  const to = toHex(devAccount(receiver).publicKey);
  return signPeerMessage({ kind, from: toHex(publicKey), to, genesis, id: 'x', body }, (bytes) => signSr25519(secretKey, bytes));
};

const preprocess = (bytes: Hex, attempt = 0): PeerBody => ({
  kind: 'sign.preprocesses',
  body: {
    id: { set: { network: 'Bitcoin', session: 0 }, kind: 'batch', id: '0', attempt },
    digest: `0x${'11'.repeat(32)}`,
    preprocesses: { '2': bytes },
  },
});

const check = (...messages: PeerMessage[]) => checkEvidence({ code: 'sign.conflict', evidence: { messages } });

describe('evidence', () => {
  it('proves that a validator has signed two words for one attempt', () => {
    const bob = say('Bob', preprocess('0x01'));
    expect(check(bob, say('Bob', preprocess('0x02')))).toMatchObject({ verdict: 'proven', against: [bob.from] });
  });

  it('proves it of key generation too, by attempt and round', () => {
    const id = { set: { network: 'Bitcoin', session: 0 }, attempt: 1 } as const;
    const share = (round: number, fill: string): PeerBody => ({
      kind: 'musig.share',
      body: { id, round, digest: `0x${'11'.repeat(32)}`, share: `0x${fill.repeat(32)}` },
    });
    expect(check(say('Bob', share(0, '01')), say('Bob', share(0, '02'))).verdict).toBe('proven');
    expect(check(say('Bob', share(0, '01')), say('Bob', share(1, '02'))).verdict).toBe('signed');
    const vote = (fill: string): PeerBody => ({ kind: 'certificate.vote', body: { id, signature: `0x${fill.repeat(64)}` } });
    expect(check(say('Bob', vote('01')), say('Bob', vote('02'))).verdict).toBe('signed');
  });

  it('is no key share for one validator beside that for another', () => {
    const shares = (to: number): PeerBody => ({
      kind: 'keygen.shares',
      body: { id: { set: { network: 'Bitcoin', session: 0 }, attempt: 0 }, sender: 2, map: GENESIS, shares: { [to]: `0x0${String(to)}` } },
    });
    expect(check(say('Bob', shares(1)), say('Bob', shares(3), GENESIS, 'Charlie')).verdict).toBe('signed');
    expect(check(say('Bob', shares(1)), say('Bob', shares(3))).verdict).toBe('proven');
  });

  it.each([
    ['one word said twice', [say('Bob', preprocess('0x01')), say('Bob', preprocess('0x01'))]],
    ['words of two validators', [say('Bob', preprocess('0x01')), say('Charlie', preprocess('0x02'))]],
    ['words for two attempts', [say('Bob', preprocess('0x01')), say('Bob', preprocess('0x02', 128))]],
    ['words on two chains', [say('Bob', preprocess('0x01')), say('Bob', preprocess('0x02'), `0x${'08'.repeat(32)}`)]],
  ])('does not prove it by %s', (_name, messages) => {
    expect(check(...messages).verdict).toBe('signed');
  });

  it('is worth nothing where a word was forged, or there is none', () => {
    const forged = { ...say('Bob', preprocess('0x01')), body: preprocess('0x02').body };
    expect(check(say('Bob', preprocess('0x01')), forged)).toMatchObject({ verdict: 'unproven', against: [] });
    expect(check()).toMatchObject({ verdict: 'unproven' });
  });
});
