// Writes those parts of the documents that tell what the program's schemas and tables have.
import { readFileSync, writeFileSync } from 'node:fs';
import { GENERATED } from './docs/generated.ts';

for (const { file, heading, text } of GENERATED) {
  const url = new URL(`../docs/${file}`, import.meta.url);
  const [head] = readFileSync(url, 'utf8').split(`## ${heading}\n`);
  writeFileSync(url, `${head}## ${heading}\n\n${await text()}\n`);
}
