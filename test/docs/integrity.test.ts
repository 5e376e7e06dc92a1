import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

const runbook = read('docs/runbook.md');
const rows = [...read('docs/integrity.md').matchAll(/^\| ([^|]+) \| `([^`]+)` \| `([^`]+)` \| ([^|]+) \| `([^`]+)`: (.+) \|$/gm)].map(
  ([, fault = '', code = '', file = '', reaction = '', test = '', title = '']) => ({ fault, code, file, reaction, test, title }),
);

/** What integrity may lack. */
const FAULTS = [
  ...['contradicting finalized hash', 'batch mismatch', 'conflicting messages for one id', 'sequence gap', 'hash break'],
  ...['foreign record', 'forged record', 'replayed record', 'roll-back', 'insolvency'],
];

describe('docs/integrity.md', () => {
  it('has a row for every fault, and no other', () => {
    expect([...new Set(rows.map(({ fault }) => fault))]).toEqual(FAULTS);
    expect(read('docs/integrity.md').match(/^\| [a-z]/gm)).toHaveLength(rows.length + 1);
  });

  it.each(rows)('tells of $code where it is raised, and which test provokes it', ({ code, file, test, title }) => {
    expect(read(file)).toContain(`'${code}'`);
    expect(runbook).toContain(`\n## ${code}\n`);
    expect(existsSync(new URL(`../../${test}`, import.meta.url))).toBe(true);
    expect(read(test)).toContain(`'${title}'`);
  });
});
