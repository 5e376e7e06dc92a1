import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { has } from '../support/kafkaJars.ts';

const PAGES = ['docs/protocol.md', 'docs/processor-protocol.md'] as const;

/** Another language, the pages and its standard library alone. */
const recompute = (...pages: readonly string[]): { status: number | null; said: string } => {
  const { status, stdout, stderr } = spawnSync('python3', ['test/docs/foreign.py', ...pages], { encoding: 'utf8' });
  return { status, said: stdout + stderr };
};

describe.skipIf(!has('python3', '--version'))('an implementation from docs/protocol.md and docs/processor-protocol.md alone', () => {
  const dir = mkdtempSync(join(tmpdir(), 'pages-'));
  afterAll(() => {
    rmSync(dir, { recursive: true });
  });

  it('comes to the vectors of both', () => {
    expect(recompute(...PAGES)).toEqual({ status: 0, said: 'all vectors hold\n' });
  });

  it.each([
    ['protocol', '"party":[3,1,2]', '"party":[3,2,1]', 'draw'],
    ['processor-protocol', '"plaintext":"{', '"plaintext":"[', 'plaintext of a record'],
  ])('does not come to other ones: %s', (page, right, wrong, what) => {
    const file = join(dir, `${page}.md`);
    writeFileSync(file, readFileSync(`docs/${page}.md`, 'utf8').replace(right, wrong));
    const { status, said } = recompute(...PAGES.map((each) => (each.endsWith(`/${page}.md`) ? file : each)));
    expect({ status, said }).toEqual({ status: 1, said: expect.stringContaining(what) as string });
  });
});
