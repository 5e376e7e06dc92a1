import { chmod, mkdir, readdir, unlink } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { type HttpServer, openHttpServer, type Pages } from './httpServer.ts';

/** A path a Unix socket can have at most, in bytes (`sun_path` of the smallest system there is). */
const PATH_LIMIT = 103;

/** Milliseconds a running coordinator has to answer. */
const DEADLINE = 5_000;

/** A running coordinator cannot be reached, or its socket cannot be opened. */
export class ControlError extends Error {
  readonly code: 'control.path' | 'control.in-use' | 'control.not-running' | 'control.refused';

  constructor(code: ControlError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ControlError';
    this.code = code;
  }
}

/** What a running coordinator answered. */
export interface ControlAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Where the sockets of the processes of a deployment are; for its user's eyes only. */
export const controlFolder = (dataDir: string, name: string): string => join(dataDir, name, 'control');

/** Asks on one socket; rejects where nobody listens there. */
const askAt = (path: string, method: string, page: string, sent?: unknown, deadline = DEADLINE): Promise<ControlAnswer> =>
  new Promise((resolve, reject) => {
    const asking = request({ socketPath: path, method, path: page, timeout: deadline }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        try {
          const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
          resolve({ status: response.statusCode ?? 0, body });
        } catch (cause) {
          reject(new ControlError('control.refused', `what answers at ${path} is no coordinator`, { cause }));
        }
      });
    });
    asking.on('error', reject);
    asking.on('timeout', () => asking.destroy(new Error(`no answer within ${String(deadline / 1_000)} s`)));
    asking.end(sent === undefined ? undefined : JSON.stringify(sent));
  });

const isLive = async (path: string): Promise<boolean> => {
  try {
    await askAt(path, 'GET', '/');
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ECONNREFUSED'));
  }
};

export interface ControlSocketOptions {
  readonly folder: string;
  /** Names what this process runs: several processes of one deployment may share a folder. */
  readonly name: string;
  readonly pages: Pages;
}

/**
 * Opens the socket by which the command line speaks to this process (design §3): HTTP over a Unix socket that only this user may open. What a
 * killed process left behind is removed; `control.in-use` where another one still answers.
 */
export const openControlSocket = async ({ folder, name, pages }: ControlSocketOptions): Promise<HttpServer> => {
  const path = join(folder, `${name}.sock`);
  if (Buffer.byteLength(path) > PATH_LIMIT)
    throw new ControlError('control.path', `${path} is too long for a Unix socket; give a general.data_dir with a shorter path`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  if (await isLive(path))
    throw new ControlError('control.in-use', `another coordinator answers at ${path}; stop it, or give this one another data folder`);
  await unlink(path).catch(() => undefined);
  const server = await openHttpServer({ listen: { path }, pages });
  await chmod(path, 0o600);
  return server;
};

const socketsIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder).catch(() => [])).filter((file) => file.endsWith('.sock')).sort();

/** Has every running process of a deployment do something, and waits for the answers; none where none runs. */
export const askEach = async (folder: string, page: string, sent: unknown, deadline: number): Promise<readonly ControlAnswer[]> => {
  const live: string[] = [];
  for (const file of await socketsIn(folder)) if (await isLive(join(folder, file))) live.push(join(folder, file));
  return Promise.all(live.map((path) => askAt(path, 'POST', page, sent, deadline)));
};

/** Asks the running processes of a deployment for a page, one after the other until one has it; rejects with `control.not-running`. */
export const askCoordinator = async (folder: string, method: 'GET' | 'POST', page: string, sent?: unknown): Promise<ControlAnswer> => {
  const sockets = await socketsIn(folder);
  let last: ControlAnswer | undefined;
  for (const file of sockets) {
    const answer = await askAt(join(folder, file), method, page, sent).catch(() => undefined);
    if (answer !== undefined && answer.status !== 404) return answer;
    last ??= answer;
  }
  if (last !== undefined) return last;
  throw new ControlError(
    'control.not-running',
    `no coordinator runs on ${folder}; start it with run, or give the configuration it runs with`,
  );
};
