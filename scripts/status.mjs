// Writes the table of fields in docs/status.md from the schema of `/status`.
import { readFileSync, writeFileSync } from 'node:fs';
import { statusFields } from '../src/core/statusFields.ts';

const file = new URL('../docs/status.md', import.meta.url);
const [head] = readFileSync(file, 'utf8').split('## Fields\n');
writeFileSync(file, `${head}## Fields\n\n${statusFields()}\n`);
