import { describe, expect, it } from 'vitest';
import { type Hex, toHex } from '../../src/domain/hex.ts';
import { signAddressRecord } from '../../src/domain/peers/addressRecord.ts';
import { devAccount, signSr25519 } from '../../src/domain/threshold/schnorrkel.ts';
import { AddressBook } from '../../src/drivers/libp2p/addressBook.ts';

const genesis: Hex = `0x${'11'.repeat(32)}`;
const bob = devAccount('Bob');
const anyone = (): boolean => true;

const told = (revision: number, port: number, by = bob): Uint8Array =>
  signAddressRecord(
    { validator: toHex(bob.publicKey), genesis, epoch: 1, revision, addresses: [`/ip4/203.0.113.7/tcp/${String(port)}`] },
    (bytes) => signSr25519(by.secretKey, bytes),
  );

const open = (): AddressBook => new AddressBook({ genesis, configured: () => [], allowPrivate: false });

describe('the address book', () => {
  it('takes the newest word of a validator, and passes it on where it has moved', () => {
    const book = open();
    expect(book.learn(told(1, 1), anyone, 0)?.moved).toBe(true);
    expect(book.learn(told(1, 1), anyone, 0)).toBeUndefined();
    expect(book.learn(told(2, 1), anyone, 0)?.moved).toBe(false);
    expect(book.learn(told(3, 2), () => false, 0)).toBeUndefined();
    expect(book.of(toHex(bob.publicKey))).toEqual(['/ip4/203.0.113.7/tcp/1']);
  });

  it('has nobody tell it forged records without end: the first one ends the link it came on', () => {
    expect(() => open().learn(told(1, 1, devAccount('Eve')), anyone, 0)).toThrow(expect.objectContaining({ code: 'peer.unsigned' }));
  });

  it('does not let a validator that moves all the time have everybody pass it on', () => {
    const book = open();
    const moves = Array.from({ length: 20 }, (_, index) => book.learn(told(index + 1, index + 1), anyone, 0)?.moved ?? false);
    const passedOn = moves.filter((moved) => moved).length;
    expect(passedOn).toBeGreaterThanOrEqual(8);
    expect(passedOn).toBeLessThan(12);
    // Later on it is believed again.
    expect(book.learn(told(99, 99), anyone, 3_600_000)?.moved).toBe(true);
  });
});
