import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Hex, toHex } from '../../../src/domain/hex.ts';
import { besideNode, hostOf, isAddress, isPrivate } from '../../../src/domain/peers/addresses.ts';
import { decodeAddressRecord, isAddressRecordSigned, isNewer, signAddressRecord } from '../../../src/domain/peers/addressRecord.ts';
import { PeerError } from '../../../src/domain/peers/peerError.ts';
import { devAccount, signSr25519 } from '../../../src/domain/threshold/schnorrkel.ts';

describe('addresses', () => {
  it.each(['/ip4/203.0.113.7/tcp/30563', '/ip6/2001:db8::1/tcp/1', '/dns4/validator.example/tcp/65535', '/dns/a.b/tcp/80'])(
    '%s is one',
    (text) => {
      expect(isAddress(text)).toBe(true);
    },
  );

  it.each([
    '/ip4/256.0.0.1/tcp/1',
    '/ip4/1.2.3/tcp/1',
    '/ip4/1.2.3.4/tcp/0',
    '/ip4/1.2.3.4/tcp/65536',
    '/ip4/1.2.3.4/udp/1',
    '/ip4/1.2.3.4/tcp/1/ws',
    '/unix/tmp/a/tcp/1',
    '/dns4/a b/tcp/1',
    '',
  ])('"%s" is none', (text) => {
    expect(isAddress(text)).toBe(false);
  });

  it.each([
    '/ip4/127.0.0.1/tcp/1',
    '/ip4/10.1.2.3/tcp/1',
    '/ip4/192.168.0.1/tcp/1',
    '/ip4/172.31.0.1/tcp/1',
    '/ip4/169.254.169.254/tcp/80',
    '/ip4/100.64.0.1/tcp/1',
    '/ip4/0.0.0.0/tcp/1',
    '/ip4/239.1.1.1/tcp/1',
    '/ip6/::1/tcp/1',
    '/ip6/::ffff:127.0.0.1/tcp/1',
    '/ip6/fe80::1/tcp/1',
    '/ip6/fd00::1/tcp/1',
    '/dns4/localhost/tcp/1',
    '/dns4/db.internal/tcp/1',
    'nonsense',
  ])('%s leads into our own network', (text) => {
    expect(isPrivate(text)).toBe(true);
  });

  it.each(['/ip4/203.0.113.7/tcp/1', '/ip4/172.32.0.1/tcp/1', '/ip6/2001:db8::1/tcp/1', '/dns4/validator.example/tcp/1'])(
    '%s leads out',
    (text) => {
      expect(isPrivate(text)).toBe(false);
    },
  );

  it("of a node become those of the coordinator beside it: the node's port and identity are not its", () => {
    expect(besideNode('/ip4/203.0.113.7/tcp/30333/p2p/12D3KooWPJk7aoGTfgaHmihGLtRZSN8HptS3qJbVfQycYWkiWP4r')).toBe(
      '/ip4/203.0.113.7/tcp/30563',
    );
    expect(besideNode('/dns4/node.example/tcp/30333', 4001)).toBe('/dns4/node.example/tcp/4001');
    expect(besideNode('/ip4/203.0.113.7/udp/30333/quic-v1')).toBeUndefined();
    expect(hostOf('/ip6/2001:db8::1/tcp/1')).toBe('2001:db8::1');
  });
});

describe('an address record', () => {
  const { publicKey, secretKey } = devAccount('Alice');
  const genesis: Hex = `0x${'11'.repeat(32)}`;
  const record = {
    validator: toHex(publicKey),
    genesis,
    epoch: 2,
    revision: 1,
    addresses: ['/ip4/203.0.113.7/tcp/30563', '/dns4/a.example/tcp/1'],
  };
  const signed = signAddressRecord(record, (message) => signSr25519(secretKey, message));

  it('says what its validator signed', () => {
    expect(decodeAddressRecord(signed)).toEqual(record);
    expect(isAddressRecordSigned(signed)).toBe(true);
    const moved = signed.slice();
    moved[80] = (moved[80] ?? 0) ^ 1;
    expect(isAddressRecordSigned(moved)).toBe(false);
  });

  it('is refused with an error of ours where it is none', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: signed.length - 65 }),
        fc.integer({ min: 0, max: 255 }),
        fc.integer({ min: 0, max: signed.length }),
        (at, value, length) => {
          const bytes = signed.slice(0, length);
          if (at < bytes.length) bytes[at] = value;
          try {
            decodeAddressRecord(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(PeerError);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('counts where its epoch, then its revision, is higher', () => {
    expect(isNewer(record, undefined)).toBe(true);
    expect(isNewer(record, record)).toBe(false);
    expect(isNewer({ ...record, revision: 2 }, record)).toBe(true);
    expect(isNewer({ ...record, epoch: 1, revision: 9 }, record)).toBe(false);
  });
});
