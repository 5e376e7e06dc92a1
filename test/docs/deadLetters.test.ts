import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { LETTER_DROPPED, LETTER_REPLAY } from '../../src/domain/deadLetter/acts.ts';
import { letterData } from '../../src/domain/deadLetter/letter.ts';

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

const doc = read('docs/dead-letters.md');

it('docs/dead-letters.md names every field and fate of a letter, and both acts', () => {
  for (const word of [...Object.keys(letterData.shape), ...letterData.shape.fate.options, LETTER_DROPPED, LETTER_REPLAY])
    expect(doc).toContain(`\`${word}\``);
});

it('docs/dead-letters.md has a row for every topic that a module reads, with its policy', () => {
  const rows = [...doc.matchAll(/^\| `<name>-(\S+)` \| (\S+?),? ?\S* \| `(park|dead-letter)` \|$/gm)].map(([, topic, , policy]) => [
    topic,
    policy,
  ]);
  const policies = ['crypto', 'connection'].flatMap((module) =>
    [...read(`src/modules/${module}.ts`).matchAll(/topic: topics\.(\w+)[^}]*?refused: '(park|dead-letter)'/gs)].map(([, topic, policy]) => [
      topic === 'replies' ? '<network>-replies' : topic,
      policy,
    ]),
  );
  expect(policies.length).toBeGreaterThan(4);
  for (const policy of policies) expect(rows).toContainEqual(policy);
});
