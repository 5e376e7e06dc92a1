import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url).pathname;
const runbook = readFileSync(join(root, 'docs/runbook.md'), 'utf8');
const headings = runbook.split('\n').flatMap((line) => (line.startsWith('## ') ? [line.slice(3)] : []));

/** Families of codes that an operator may meet; the kinds of peer messages share some of their names. */
const FAMILIES = [
  'batch',
  'certificate',
  'chain',
  'kafka',
  'keygen',
  'musig',
  'peer',
  'record',
  'sign',
  'slash',
  'solvency',
  'store',
  'topic',
];
const KINDS = new Set([
  ...['certificate.proposal', 'certificate.vote', 'keygen.commitments', 'keygen.shares', 'musig.commitment', 'musig.share'],
  ...['sign.completed', 'sign.preprocesses', 'sign.proposal', 'sign.ready', 'sign.round', 'sign.shares'],
  ...['slash.points', 'slash.proposal', 'slash.vote'],
]);

const sources = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((name) =>
    name.endsWith('.ts') && !name.startsWith('devnet') ? [readFileSync(join(folder, name), 'utf8')] : [],
  );

const codes = new Set(
  sources(join(root, 'src')).flatMap((text) =>
    [...text.matchAll(/'([a-z]+)\.([a-z][a-z-]+)'/g)].flatMap(([, family = '', code = '']) =>
      FAMILIES.includes(family) && !KINDS.has(`${family}.${code}`) ? [`${family}.${code}`] : [],
    ),
  ),
);

describe('docs/runbook.md', () => {
  it('has codes to speak of', () => {
    expect(codes.size).toBeGreaterThan(60);
  });

  it.each([...codes].sort())('says what to do about %s', (code) => {
    expect(headings).toContain(code);
  });

  it('names each code once, in order', () => {
    expect(headings).toEqual([...new Set(headings)].sort());
  });
});
