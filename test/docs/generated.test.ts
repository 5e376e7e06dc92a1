import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { GENERATED } from '../../scripts/docs/generated.ts';

it.each(GENERATED)('docs/$file has what the program has under "$heading": npm run docs', async ({ file, heading, text }) => {
  const [, written = ''] = readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8').split(`## ${heading}\n`);
  expect(written.trim()).toBe((await text()).trim());
});

it.each(GENERATED)('every row of docs/$file says what it is', async ({ text }) => {
  for (const row of (await text()).split('\n').filter((line) => line.startsWith('| `')))
    expect(row).toMatch(/^\| `[^`]+` \|.*\| \S[^|]* \|$/);
});
