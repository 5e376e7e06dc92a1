import { describe, expect, it } from 'vitest';
import { type Hex, toHex } from '../../../src/domain/hex.ts';
import {
  acceptCertificate,
  type Certificate,
  decodeCertificate,
  type Expectation,
  provesRollBack,
  signCertificate,
} from '../../../src/domain/peers/certificate.ts';
import { FIRST_FRAME_LIMIT } from '../../../src/domain/peers/frames.ts';
import { devAccount, signSr25519 } from '../../../src/domain/threshold/schnorrkel.ts';

const alice = devAccount('Alice');
const genesis: Hex = `0x${'11'.repeat(32)}`;
const instance: Hex = `0x${'aa'.repeat(16)}`;
const certificate: Certificate = {
  validator: toHex(alice.publicKey),
  genesis,
  epoch: 3,
  instance,
  validFrom: 50,
  validUntil: 200,
  peerId: '12D3KooWREbXmoa567QPDMwxTYrDiyiYDB5QNf3BK112LwUfVsnF',
};
const sign = (message: Uint8Array): Uint8Array => signSr25519(alice.secretKey, message);
const expected: Expectation = { peerId: certificate.peerId, genesis, height: 100, admitted: () => true, known: () => undefined };
const signed = signCertificate(certificate, sign);

describe('a certificate', () => {
  it('is one small frame, and says what was signed', () => {
    expect(signed.length).toBeLessThan(FIRST_FRAME_LIMIT);
    expect(decodeCertificate(signed)).toEqual(certificate);
    expect(acceptCertificate(signed, expected)).toEqual(certificate);
  });

  it.each([
    ['of another identity', { peerId: 'other' }, 'peer.wrong-identity'],
    ['of another chain', { genesis: `0x${'22'.repeat(32)}` }, 'peer.foreign-chain'],
    ['of a stranger', { admitted: () => false }, 'peer.stranger'],
    ['that is over', { height: 201 }, 'peer.expired'],
    ['of a later height', { height: 49 }, 'peer.not-yet-valid'],
    ['of an epoch that is over', { known: () => ({ epoch: 4, instance, certificate: '0x' }) }, 'peer.stale-epoch'],
    [
      'of a second start in the same epoch',
      { known: () => ({ epoch: 3, instance: `0x${'bb'.repeat(16)}`, certificate: '0x' }) },
      'peer.second-instance',
    ],
  ] satisfies [string, Partial<Expectation>, string][])('%s is refused', (_what, differing, code) => {
    expect(() => acceptCertificate(signed, { ...expected, ...differing })).toThrow(expect.objectContaining({ code }) as Error);
  });

  it('is accepted at the edges of its heights, and again from the same start', () => {
    for (const height of [50, 200]) expect(acceptCertificate(signed, { ...expected, height })).toEqual(certificate);
    const known = () => ({ epoch: 3, instance, certificate: '0x' as Hex });
    expect(acceptCertificate(signed, { ...expected, known })).toEqual(certificate);
  });

  it('with any bit changed is refused', () => {
    // The signature is checked last and is slow: every byte, one bit of each.
    for (let at = 0; at < signed.length; at += 1) {
      const forged = signed.slice();
      forged[at] = (forged[at] ?? 0) ^ (1 << (at % 8));
      expect(() => acceptCertificate(forged, expected), `byte ${String(at)}`).toThrow(
        expect.objectContaining({ name: 'PeerError' }) as Error,
      );
    }
  });

  it('of a stranger is refused without a look at its signature', () => {
    const unsigned = signed.slice();
    unsigned.fill(0, -64);
    const refused = { ...expected, admitted: () => false };
    expect(() => acceptCertificate(unsigned, refused)).toThrow(expect.objectContaining({ code: 'peer.stranger' }) as Error);
  });

  it('of ours, of a later start, proves that our store was rolled back; any other does not', () => {
    const own = { validator: certificate.validator, genesis, epoch: 2, instance };
    expect(provesRollBack(signed, own)).toBe(true);
    expect(provesRollBack(signed, { ...own, epoch: 3, instance: `0x${'bb'.repeat(16)}` })).toBe(true);
    expect(provesRollBack(signed, { ...own, epoch: 3 })).toBe(false);
    expect(provesRollBack(signed, { ...own, epoch: 4 })).toBe(false);
    const forged = signCertificate(certificate, (message) => signSr25519(devAccount('Bob').secretKey, message));
    expect(provesRollBack(forged, own)).toBe(false);
  });
});
