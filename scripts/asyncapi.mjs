// Writes docs/asyncapi.yaml from the schemas that records are checked with.
import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { asyncApi } from '../src/core/asyncApi.ts';

writeFileSync(new URL('../docs/asyncapi.yaml', import.meta.url), stringify(asyncApi(), { lineWidth: 0, aliasDuplicateObjects: false }));
