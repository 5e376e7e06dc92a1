import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ended } from '../support/devnetProcess.ts';
import { type Packed, pack, runIn, unpack } from '../support/packaged.ts';
import { checkSummary } from '../support/summary.ts';

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly name: string; readonly version: string };

interface Sbom {
  readonly metadata: { readonly component: { readonly name: string; readonly version: string } };
  readonly components: readonly { readonly name: string; readonly version: string; readonly licenses?: unknown }[];
}

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
    const { code, stdout, stderr } = await coordinator('devnet', '--cycles', '1', '--json');
    expect(code, stderr).toBe(0);
    const { batches, outputs } = await checkSummary(stdout.trim().split('\n').at(-1) ?? '');
    expect([batches.length > 0, outputs.length > 0]).toEqual([true, true]);
  });
});
