import { readFileSync } from 'node:fs';

/** The lines of the blocks of commands below a heading of a document in docs, block by block. */
export const docBlocks = (file: string, heading: string): string[][] => {
  const text = readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8');
  const [, section = ''] = text.split(`\n## ${heading}\n`);
  const [own = ''] = section.split('\n## ');
  return [...own.matchAll(/^```\n([\s\S]+?)\n```$/gm)].map(([, block = '']) => block.split('\n'));
};
