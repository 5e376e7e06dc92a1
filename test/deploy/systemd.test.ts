import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemdAnalyze } from '../support/systemdAnalyze.ts';

const root = new URL('../../', import.meta.url).pathname;
const text = readFileSync(join(root, 'deploy/systemd/serai-coordinator.service'), 'utf8');

describe.skipIf(systemdAnalyze === undefined)('the systemd unit', () => {
  let unit: string;
  beforeAll(() => {
    // It is checked that what it starts is there: here that is not below /opt.
    unit = join(mkdtempSync(join(tmpdir(), 'systemd-')), 'serai-coordinator.service');
    writeFileSync(unit, text.replaceAll('/opt/serai-coordinator/', root));
  });

  const analyze = (...args: string[]): { readonly status: number | null; readonly said: string } => {
    const { status, stdout, stderr } = spawnSync(systemdAnalyze ?? '', [...args, unit], { encoding: 'utf8' });
    return { status, said: stdout + stderr };
  };

  it('is one that systemd understands, to the last line', () => {
    expect(analyze('verify', '--man=no')).toEqual({ status: 0, said: '' });
  });

  it('is exposed to little: 2 of 10 at most', () => {
    const { status, said } = analyze('security', '--offline=true', '--threshold=20', '--no-pager');
    expect(status, said).toBe(0);
  });

  it('would be found out if it named what systemd does not know, or gave up its protection', () => {
    const file = unit;
    unit = join(mkdtempSync(join(tmpdir(), 'systemd-')), 'serai-coordinator.service');
    writeFileSync(unit, readFileSync(file, 'utf8').replace('ProtectHome=', 'ProtectHomes=').replace('CapabilityBoundingSet=\n', ''));
    expect(analyze('verify', '--man=no').said).toContain('ProtectHomes');
    expect(analyze('security', '--offline=true', '--threshold=20', '--no-pager').status).toBe(1);
    unit = file;
  });

  it('finds its user and folders, which are that user’s alone', () => {
    const machine = mkdtempSync(join(tmpdir(), 'machine-'));
    mkdirSync(join(machine, 'etc'));
    const file = (kind: string): string => join(root, `deploy/systemd/serai-coordinator.${kind}.conf`);
    for (const line of ['User=serai-coordinator', 'Group=serai-coordinator', 'StateDirectoryMode=0700'])
      expect(text.split('\n')).toContain(line);
    expect(readFileSync(file('sysusers'), 'utf8')).toMatch(/^u +serai-coordinator /m);
    // Only root can make users, and give folders away.
    if (process.getuid?.() !== 0) return;
    for (const args of [['systemd-sysusers'], ['systemd-tmpfiles', '--create']]) {
      const [program = '', ...more] = args;
      const { status, stderr } = spawnSync(program, [`--root=${machine}`, ...more, file(program.slice('systemd-'.length))], {
        encoding: 'utf8',
      });
      expect(status, stderr).toBe(0);
    }
    expect(readFileSync(join(machine, 'etc/passwd'), 'utf8')).toMatch(/^serai-coordinator:.*:\/var\/lib\/serai-coordinator:/m);
    for (const folder of ['etc/serai-coordinator', 'var/backups/serai-coordinator'])
      expect(statSync(join(machine, folder)).mode & 0o777).toBe(0o700);
  });
});
