import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ended } from './devnetProcess.ts';

/** Runs a program to its end, with this environment and no other. */
export const runIn = (cwd: string, env: NodeJS.ProcessEnv, program: string, args: readonly string[], ended?: AbortSignal): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], ...(ended === undefined ? {} : { signal: ended }) });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        said[name] += chunk;
      });
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, ...said });
    });
  });

/** A packed coordinator. */
export interface Packed {
  readonly archive: string;
  /** As the `.sha256` beside it has it. */
  readonly digest: string;
}

/** Does what `npm run package` does, into this folder. */
export const pack = async (out: string, env: NodeJS.ProcessEnv): Promise<Packed> => {
  await mkdir(out, { recursive: true });
  const { code, stderr } = await runIn(process.cwd(), { ...process.env, ...env }, process.execPath, ['scripts/package.ts', '--out', out]);
  if (code !== 0) throw new Error(`npm run package failed: ${stderr}`);
  const [archive] = (await readdir(out)).filter((name) => name.endsWith('.tar.gz'));
  if (archive === undefined) throw new Error('npm run package has written no archive');
  const [digest = '', name] = readFileSync(join(out, `${archive}.sha256`), 'utf8')
    .trim()
    .split('  ');
  if (name !== archive) throw new Error(`the digest is of ${String(name)}`);
  return { archive: join(out, archive), digest };
};

/** Unpacks it into an empty folder; returns the folder that is in it. */
export const unpack = async ({ archive }: Packed, into: string): Promise<string> => {
  await rm(into, { recursive: true, force: true });
  await mkdir(into, { recursive: true });
  const { code, stderr } = await runIn(into, { PATH: process.env['PATH'] }, 'tar', ['--extract', '--file', archive]);
  if (code !== 0) throw new Error(`tar failed: ${stderr}`);
  const [top, ...others] = await readdir(into);
  if (top === undefined || others.length > 0) throw new Error('there should be one folder in it');
  return join(into, top);
};
