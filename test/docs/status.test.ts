import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { configSchema } from '../../src/core/configSchema.ts';

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

it('README.md and docs/status.md show the picture that npm run screenshot makes', () => {
  const picture = readFileSync(new URL('../../docs/images/page.png', import.meta.url));
  expect(picture.subarray(1, 4).toString('latin1')).toBe('PNG');
  expect(picture.length).toBeLessThan(400_000);
  expect(read('README.md')).toContain('](docs/images/page.png)');
  expect(read('docs/status.md')).toContain('](images/page.png)');
});

it('docs/status.md names the keys of [http]', () => {
  for (const key of Object.keys(configSchema.shape.http.unwrap().shape))
    expect(read('docs/status.md')).toMatch(new RegExp(`http\\.${key}|^${key} = `, 'm'));
});
