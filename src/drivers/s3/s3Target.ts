import { setTimeout as sleep } from 'node:timers/promises';
import { AwsClient } from 'aws4fetch';
import type { BackupTarget } from '../../data/backup/backupTarget.ts';
import { BackupError } from '../../domain/backup/backupError.ts';

export interface S3Options {
  /** As in `https://s3.eu-central-1.amazonaws.com`. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** What names of objects begin with; empty, or ends with a slash. */
  readonly prefix: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Milliseconds one request may take. */
const DEADLINE = 60_000;

/** How often a request is sent, and the milliseconds before it is sent again: doubling, with jitter. */
const RETRY = { tries: 5, first: 200 } as const;

/** Answers that may be others a moment later: too many requests, and the server's own troubles. */
const isPassing = (status: number): boolean => status === 429 || status >= 500;

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const unescapeXml = (text: string): string => text.replaceAll(/&(\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole);

/** What stands in each element of a name; ListObjectsV2 answers with plain ones. */
const elements = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text = '']) => unescapeXml(text));

/** Keeps backups in a bucket of an S3-compatible store; addresses are of the kind `endpoint/bucket/name`, which all of them know. */
export const openS3Target = ({ endpoint, region, bucket, prefix, accessKeyId, secretAccessKey }: S3Options): BackupTarget => {
  // Its own retries wait for an answer of any kind; ours know deadlines.
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: 0 });
  const where = `${endpoint.replace(/\/$/, '')}/${bucket}/${prefix}`;
  const base = `${endpoint.replace(/\/$/, '')}/${bucket}`;
  const urlOf = (name: string): string =>
    `${base}/${[...prefix.split('/').slice(0, -1), ...name.split('/')].map(encodeURIComponent).join('/')}`;

  const fail = (what: string, cause: unknown): BackupError =>
    new BackupError('backup.target', `${what} in ${where} failed (${String(cause)}); look at [backup.s3], and whether the store answers`, {
      cause,
    });

  const ask = async (what: string, url: string, init: RequestInit): Promise<Response> => {
    for (let tried = 1; ; tried += 1) {
      try {
        const response = await client.fetch(url, { ...init, signal: AbortSignal.timeout(DEADLINE) });
        if (!isPassing(response.status) || tried >= RETRY.tries) return response;
        await response.body?.cancel();
      } catch (cause) {
        if (tried >= RETRY.tries) throw fail(what, cause);
      }
      await sleep(RETRY.first * 2 ** (tried - 1) * (0.5 + Math.random() / 2));
    }
  };

  /** Rejects an answer that is none of those wanted, with what the store says about it. */
  const expect = async (what: string, response: Response, ...wanted: readonly number[]): Promise<Response> => {
    if (wanted.includes(response.status)) return response;
    const said = await response.text().catch(() => '');
    const [code = '', message = ''] = [elements(said, 'Code')[0], elements(said, 'Message')[0]];
    throw fail(what, `${String(response.status)} ${code} ${message}`.trim());
  };

  return {
    where,
    put: async (name, bytes) => {
      const what = `keeping ${name}`;
      await (await expect(what, await ask(what, urlOf(name), { method: 'PUT', body: Buffer.from(bytes) }), 200)).body?.cancel();
    },
    get: async (name) => {
      const what = `reading ${name}`;
      const response = await expect(what, await ask(what, urlOf(name), { method: 'GET' }), 200, 404);
      if (response.status === 200) return new Uint8Array(await response.arrayBuffer());
      const said = await response.text();
      if (said.includes('NoSuchBucket')) throw fail(what, 'there is no such bucket');
      return undefined;
    },
    list: async (start) => {
      const names: string[] = [];
      let token: string | undefined;
      do {
        const query = new URLSearchParams({
          'list-type': '2',
          prefix: `${prefix}${start}`,
          ...(token === undefined ? {} : { 'continuation-token': token }),
        });
        const what = `listing ${start}`;
        const response = await expect(what, await ask(what, `${base}?${query.toString()}`, { method: 'GET' }), 200);
        const xml = await response.text();
        names.push(...elements(xml, 'Key').map((key) => key.slice(prefix.length)));
        token = elements(xml, 'IsTruncated')[0] === 'true' ? elements(xml, 'NextContinuationToken')[0] : undefined;
      } while (token !== undefined);
      return names.sort();
    },
    remove: async (name) => {
      const what = `taking away ${name}`;
      await (await expect(what, await ask(what, urlOf(name), { method: 'DELETE' }), 200, 204, 404)).body?.cancel();
    },
  };
};
