import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ended } from '../support/devnetProcess.ts';
import { docBlocks } from '../support/docBlocks.ts';
import { type Packed, pack, runIn, unpack } from '../support/packaged.ts';
import { checkSummary } from '../support/summary.ts';

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly name: string; readonly version: string };

interface Sbom {
  readonly metadata: { readonly component: { readonly name: string; readonly version: string } };
  readonly components: readonly { readonly name: string; readonly version: string; readonly licenses?: unknown }[];
}

/** Of docs/install.md as well. */
const DEVNET = ['devnet', '--cycles', '1', '--json'];

describe.runIf(process.platform === 'linux')('npm run package', () => {
  const dir = mkdtempSync(join(tmpdir(), 'package-'));
  const elsewhere = join(dir, 'elsewhere');
  let packed: readonly Packed[];
  let root: string;
  beforeAll(async () => {
    mkdirSync(elsewhere);
    const epoch = { SOURCE_DATE_EPOCH: '1790000000' };
    packed = await Promise.all([pack(join(dir, 'a'), epoch), pack(join(dir, 'b'), { ...epoch, TZ: 'Asia/Tokyo', LC_ALL: 'C.UTF-8' })]);
    const [first] = packed;
    if (first === undefined) throw new Error('nothing was packed');
    root = await unpack(first, join(dir, 'unpacked'));
  });
  afterAll(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  /** Without any environment: no PATH with node or npm in it. */
  const coordinator = (...args: string[]): Promise<Ended> => runIn(elsewhere, {}, join(root, 'bin/coordinator'), args);

  it('gives the same bytes, wherever and whenever it runs', () => {
    const digests = packed.map(({ archive }) => createHash('sha256').update(readFileSync(archive)).digest('hex'));
    expect(new Set([...digests, ...packed.map(({ digest }) => digest)]).size).toBe(1);
  });

  it('has what an operator needs, and nothing of the tests', () => {
    expect(readdirSync(root)).toEqual(
      [
        ...['CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'bin', 'config', 'deploy', 'docs', 'node_modules'],
        ...['package.json', 'runtime', 'sbom.cdx.json', 'src'],
      ].sort(),
    );
    expect(readdirSync(join(root, 'runtime'))).toEqual(['LICENSE', 'node']);
    for (const file of ['bin/coordinator', 'runtime/node']) expect(statSync(join(root, file)).mode & 0o777).toBe(0o755);
    expect(statSync(join(root, 'src/main.ts')).mode & 0o777).toBe(0o644);
    expect(readdirSync(join(root, 'node_modules'))).not.toContain('vitest');
  });

  it('has a bill of materials that names every package in it, with a licence', () => {
    const { metadata, components } = JSON.parse(readFileSync(join(root, 'sbom.cdx.json'), 'utf8')) as Sbom;
    expect(metadata.component).toMatchObject({ name: manifest.name, version: manifest.version });
    const named = new Set(components.map(({ name, version }) => `${name}@${version}`));
    const packages = readdirSync(join(root, 'node_modules'), { recursive: true, encoding: 'utf8' })
      .filter((path) => /^(.*\/node_modules\/)?(@[^/]+\/)?[^/@]+\/package\.json$/.test(path))
      .map((path) => JSON.parse(readFileSync(join(root, 'node_modules', path), 'utf8')) as { name: string; version: string });
    expect(packages.length).toBeGreaterThan(150);
    for (const { name, version } of packages) expect(named).toContain(`${name}@${version}`);
    expect(components.find(({ name }) => name === 'node')?.version).toBe(process.version.slice(1));
    expect(components.filter(({ licenses }) => licenses === undefined).map(({ name }) => name)).toEqual([]);
  });

  it('runs where there is neither Node.js nor npm, from a link as well', async () => {
    const { code, stdout, stderr } = await coordinator('--version');
    expect([code, stdout, stderr]).toEqual([0, `${manifest.version}\n`, '']);
    expect((await coordinator('--help')).stdout).toContain('Usage: coordinator [options] [command]');
    const link = join(elsewhere, 'coordinator');
    symlinkSync('../unpacked/link', link);
    symlinkSync(join(root, 'bin/coordinator'), join(dir, 'unpacked/link'));
    expect(await runIn(elsewhere, {}, link, ['--version'])).toMatchObject({ code: 0, stdout: `${manifest.version}\n` });
  });

  it('runs a whole local network', async () => {
    const { code, stdout, stderr } = await coordinator(...DEVNET, '--timeout', '220');
    expect(code, stderr).toBe(0);
    const { batches, outputs } = await checkSummary(stdout.trim().split('\n').at(-1) ?? '');
    expect([batches.length > 0, outputs.length > 0]).toEqual([true, true]);
  });

  /** Runs lines as a shell does that stops at the first fault. */
  const shell = (cwd: string, lines: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
    runIn(cwd, { PATH: process.env['PATH'], ...env }, '/bin/sh', ['-euc', lines.join('\n')]);

  it('is unpacked as docs/install.md says', async () => {
    const [block = []] = docBlocks('install.md', 'The archive');
    const run = `${manifest.name}-${manifest.version}/bin/coordinator`;
    expect(block.at(-1)).toBe([run, ...DEVNET].join(' '));
    const { code, stdout, stderr } = await shell(dirname(packed[0]?.archive ?? ''), block.slice(0, -1));
    expect(code, stderr).toBe(0);
    expect(stdout).toBe(`${manifest.name}-${manifest.version}-linux-x64.tar.gz: OK\n${manifest.version}\n`);
  });

  it('is installed for systemd as docs/install.md says, here below a folder and for this user', async () => {
    const machine = join(dir, 'machine');
    for (const folder of ['opt', 'usr/local/bin', 'etc/serai-coordinator', 'var']) mkdirSync(join(machine, folder), { recursive: true });
    const here = dirname(packed[0]?.archive ?? '');
    writeFileSync(join(here, 'serai.key'), '11'.repeat(32));
    writeFileSync(join(here, 'passphrase'), 'some words that are long enough');
    const placed = (line: string): string =>
      line
        .replaceAll(/(?<= )\/(opt|usr|etc)(?=[/ ]|$)/g, `${machine}/$1`)
        .replace(' -o serai-coordinator', '')
        .replace('runuser -u serai-coordinator -- ', `${machine}/usr/local/bin/`);
    const [unpacking = [], keys = []] = docBlocks('install.md', 'With systemd');
    const told = (line: string): boolean => !line.startsWith('systemd-');
    const unpacked = await shell(here, unpacking.filter(told).map(placed));
    expect(unpacked.code, unpacked.stderr).toBe(0);
    const config = join(machine, 'etc/serai-coordinator/config.toml');
    writeFileSync(config, readFileSync(config, 'utf8').replaceAll('"/etc/', `"${machine}/etc/`));
    const made = await shell(here, keys.map(placed));
    expect(made.code, made.stderr).toBe(0);
    expect(made.stdout).toContain(`${machine}/etc/serai-coordinator/master.key`);
    const passphrase = `keys.passphrase_file=${machine}/etc/serai-coordinator/passphrase`;
    const shown = await runIn(here, {}, join(machine, 'usr/local/bin/coordinator'), [
      'keys',
      'show',
      '--config',
      config,
      '--set',
      passphrase,
    ]);
    expect(shown.code, shown.stderr).toBe(0);
    expect(existsSync(join(machine, 'etc/systemd/system/serai-coordinator.service'))).toBe(true);
  });
});
