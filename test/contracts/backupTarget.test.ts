import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFolderTarget } from '../../src/drivers/folder/folderTarget.ts';
import { backupTargetContract } from './backupTarget.ts';

const dir = mkdtempSync(join(tmpdir(), 'target-'));

describe('a folder', () => {
  backupTargetContract(() => openFolderTarget(join(dir, 'kept')));

  it('says what is in the way', async () => {
    const file = join(dir, 'file');
    writeFileSync(file, '');
    chmodSync(file, 0o600);
    await expect(openFolderTarget(file).put('a/b', new Uint8Array(1))).rejects.toMatchObject({
      code: 'backup.target',
      message: expect.stringContaining(file) as string,
    });
  });
});
