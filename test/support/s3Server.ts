import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './freePort.ts';
import { brokerPossible } from './kafkaJars.ts';

/** Whether this machine can run a real S3 server: what runs the broker runs it, too. */
export const s3Possible: boolean = brokerPossible;

const JARS = resolve('node_modules/.cache/s3proxy-2.6.0');

/** Fetches the server's jars with Maven, once; whole or not at all. */
const fetchJars = (): void => {
  if (existsSync(JARS)) return;
  const made = `${JARS}.${String(process.pid)}`;
  execFileSync('mvn', [
    '-q',
    '-B',
    '-f',
    'test/support/s3/pom.xml',
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${made}`,
  ]);
  try {
    renameSync(made, JARS);
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    if (!existsSync(JARS)) throw error;
  }
};

export const S3_LOGIN = { accessKeyId: 'coordinator', secretAccessKey: 'not-a-real-secret' } as const;

/** An S3 server that checks signatures (S3Proxy), with a bucket `backups`. */
export interface S3Server {
  readonly endpoint: string;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

export const startS3 = async (): Promise<S3Server> => {
  fetchJars();
  const dir = mkdtempSync(join(tmpdir(), 's3-'));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${String(port)}`;
  mkdirSync(join(dir, 'data', 'backups'), { recursive: true });
  writeFileSync(
    join(dir, 's3proxy.conf'),
    `s3proxy.endpoint=${endpoint}
s3proxy.authorization=aws-v2-or-v4
s3proxy.identity=${S3_LOGIN.accessKeyId}
s3proxy.credential=${S3_LOGIN.secretAccessKey}
jclouds.provider=filesystem-nio2
jclouds.identity=unused
jclouds.credential=unused
jclouds.filesystem.basedir=${join(dir, 'data')}
`,
  );
  const args = ['-Xmx256m', '-cp', `${JARS}/*`, 'org.gaul.s3proxy.Main', '--properties', join(dir, 's3proxy.conf')];
  const child = spawn('java', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8');
  });
  const ended = new Promise<void>((done) => {
    child.once('exit', () => {
      done();
    });
  });
  const answers = (): Promise<boolean> =>
    fetch(endpoint).then(
      () => true,
      () => false,
    );
  for (let tries = 0; !(await answers()); tries += 1) {
    if (child.exitCode !== null || tries > 600) throw new Error(`the S3 server did not start: ${said}`);
    await sleep(100);
  }
  return {
    endpoint,
    process: child,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
};
