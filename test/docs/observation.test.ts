import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FAULT_NAMES } from '../../src/devnet/faultSwitch.ts';
import { chainMessage } from '../../src/domain/observation/schemas.ts';

const read = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

describe('docs/observation.md', () => {
  const doc = read('observation.md');

  it('has a row for every type of <name>-chain, with its fields', () => {
    for (const { shape } of chainMessage.options) {
      const fields = Object.keys(shape.data.shape).filter((field) => field !== 'block' && field !== 'event');
      expect(doc).toContain(`| \`${shape.type.value}\` | ${fields.map((field) => `\`${field}\``).join(', ')} |`);
    }
  });

  it('names every code of a chain error', () => {
    const source = readFileSync(new URL('../../src/domain/observation/chainError.ts', import.meta.url), 'utf8');
    const codes = [...source.matchAll(/^ {2}\| '(chain\.[a-z-]+)'/gm)].map(([, code]) => code ?? '');
    expect(codes.length).toBeGreaterThan(10);
    for (const code of codes.filter((one) => one !== 'chain.closed')) expect(doc).toContain(`| \`${code}\` |`);
  });

  it('names every fault of the simulated node', () => {
    for (const fault of FAULT_NAMES) expect(doc).toMatch(new RegExp(`\\| \`${fault}(=\\d+)?\` \\|`));
  });
});
