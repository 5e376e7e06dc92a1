import { expect, it } from 'vitest';
import type { BackupTarget } from '../../src/data/backup/backupTarget.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (read: Uint8Array | undefined): string | undefined => (read === undefined ? undefined : new TextDecoder().decode(read));

/** The contract of `BackupTarget`, to be run on every driver. */
export const backupTargetContract = (open: () => BackupTarget): void => {
  it('gives back what was kept, and undefined for the rest', async () => {
    const target = open();
    await target.put('alice/crypto/chunks/ab/abcd', bytes('one'));
    expect(text(await target.get('alice/crypto/chunks/ab/abcd'))).toBe('one');
    expect(await target.get('alice/crypto/chunks/ab/other')).toBeUndefined();
    await target.put('alice/crypto/chunks/ab/abcd', bytes('two'));
    expect(text(await target.get('alice/crypto/chunks/ab/abcd'))).toBe('two');
  });

  it('keeps any bytes, none and many', async () => {
    const target = open();
    const many = Uint8Array.from({ length: 3_000_000 }, (_, at) => (at * 31 + (at >> 8)) & 0xff);
    await target.put('any/many', many);
    await target.put('any/none', new Uint8Array());
    expect(Buffer.compare((await target.get('any/many')) ?? new Uint8Array(), many)).toBe(0);
    expect((await target.get('any/none'))?.length).toBe(0);
  });

  it('lists names by what they begin with, in order, however many', async () => {
    const target = open();
    const names = Array.from(
      { length: 30 },
      (_, index) => `list/crypto/manifests/202601${String(index + 1).padStart(2, '0')}T000000Z.manifest.json`,
    );
    for (const name of names.toReversed()) await target.put(name, bytes(name));
    await target.put('list/crypto/other', bytes('x'));
    await target.put('list/cryptos/manifests/x', bytes('x'));
    expect(await target.list('list/crypto/manifests/')).toEqual(names);
    expect(await target.list('nothing/')).toEqual([]);
  });

  it('takes away, also what is not there', async () => {
    const target = open();
    await target.put('gone/a', bytes('a'));
    await target.remove('gone/a');
    await target.remove('gone/a');
    expect(await target.get('gone/a')).toBeUndefined();
    expect(await target.list('gone/')).toEqual([]);
  });
};
