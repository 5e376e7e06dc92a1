import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readSecretText } from '../../src/commands/secretFile.ts';

const dir = mkdtempSync(join(tmpdir(), 'secret-'));
const withMode = (mode: number): string => {
  const file = join(dir, mode.toString(8));
  writeFileSync(file, ' words \n', { mode: 0o600 });
  chmodSync(file, mode);
  return file;
};
const read = (file: string): Promise<string> => readSecretText(file, 'the passphrase', 'words');

describe('a secret in a file', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('is read without the white space around it, where only its owner can', async () => {
    expect(await read(withMode(0o600))).toBe('words');
    expect(await read(withMode(0o400))).toBe('words');
    for (const mode of [0o640, 0o440, 0o604]) await expect(read(withMode(mode))).rejects.toThrow(/can be read by others; run: chmod 600/);
  });

  it("may be the group's where it is a credential that systemd gave, but never everybody's", async () => {
    vi.stubEnv('CREDENTIALS_DIRECTORY', `${dir}/`);
    expect(await read(withMode(0o440))).toBe('words');
    await expect(read(withMode(0o444))).rejects.toThrow(/can be read by others/);
    vi.stubEnv('CREDENTIALS_DIRECTORY', join(dir, 'elsewhere'));
    await expect(read(withMode(0o440))).rejects.toThrow(/can be read by others/);
  });
});
