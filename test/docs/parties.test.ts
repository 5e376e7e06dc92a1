import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('docs/parties.md names every code of evidence that signing and key generation report', () => {
  const page = readFileSync('docs/parties.md', 'utf8');
  const sources = readdirSync('src/domain/crypto').map((file) => readFileSync(`src/domain/crypto/${file}`, 'utf8'));
  const codes = new Set(
    sources.flatMap((text) => [...text.matchAll(/'((?:sign|certificate|keygen|musig|batch)\.[a-z-]+)'/g)].map(([, code = '']) => code)),
  );
  const accusing = [...codes].filter((code) =>
    sources.some((text) => new RegExp(`accuse(Of)?\\(\\s*draft,\\s*context,\\s*'${code}'`).test(text)),
  );
  expect(accusing.length).toBeGreaterThan(8);
  for (const code of accusing) expect(page, `${code} is missing`).toContain(`\`${code}\``);
});
