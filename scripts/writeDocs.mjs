// Writes those parts of the documents that tell what the program's schemas and tables have, and Grafana's dashboard.
import { readFileSync, writeFileSync } from 'node:fs';
import { dashboard } from './docs/dashboard.ts';
import { GENERATED } from './docs/generated.ts';

for (const { file, heading, text } of GENERATED) {
  const url = new URL(`../docs/${file}`, import.meta.url);
  const [head] = readFileSync(url, 'utf8').split(`## ${heading}\n`);
  writeFileSync(url, `${head}## ${heading}\n\n${await text()}\n`);
}
writeFileSync(new URL('../deploy/grafana/dashboards/coordinator.json', import.meta.url), dashboard());
