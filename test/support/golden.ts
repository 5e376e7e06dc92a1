import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../shared/serai-golden/', import.meta.url));

/** Whether the recorded bytes of Serai's runtime are there; tests against them are left out, with a printed line, when not. */
export const goldenPresent: boolean = existsSync(folder);

if (!goldenPresent) console.log('left out: tests against the recorded bytes of Serai (../shared/serai-golden is not there)');

/** The text of a recorded file. */
export const goldenText = (name: string): string => readFileSync(`${folder}${name}`, 'utf8').trim();

/** The content of a recorded JSON file. */
export const golden = (name: string): unknown => JSON.parse(goldenText(name)) as unknown;
