import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../shared/serai-golden/', import.meta.url));

/** Whether the recorded bytes of Serai's runtime are there; where they are not, tests against them are left out and leftOut.ts says so. */
export const goldenPresent: boolean = existsSync(folder);

/** Where a recorded file is. */
export const goldenFile = (name: string): string => `${folder}${name}`;

/** The text of a recorded file. */
export const goldenText = (name: string): string => readFileSync(goldenFile(name), 'utf8').trim();

/** The content of a recorded JSON file. */
export const golden = (name: string): unknown => JSON.parse(goldenText(name)) as unknown;
