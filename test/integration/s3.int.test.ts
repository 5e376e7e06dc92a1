import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openS3Target, type S3Options } from '../../src/drivers/s3/s3Target.ts';
import { backupTargetContract } from '../contracts/backupTarget.ts';
import { S3_LOGIN, type S3Server, s3Possible, startS3 } from '../support/s3Server.ts';

describe.runIf(s3Possible)('an S3-compatible store', () => {
  let server: S3Server;
  let options: S3Options;
  beforeAll(async () => {
    server = await startS3();
    options = { endpoint: server.endpoint, region: 'us-east-1', bucket: 'backups', prefix: 'some/where/', ...S3_LOGIN };
  });
  afterAll(() => server.stop());

  backupTargetContract(() => openS3Target(options));

  it('keeps prefixes apart', async () => {
    await openS3Target(options).put('apart/a', new Uint8Array(1));
    expect(await openS3Target({ ...options, prefix: '' }).list('apart/')).toEqual([]);
    expect(await openS3Target({ ...options, prefix: '' }).list('some/where/apart/')).toEqual(['some/where/apart/a']);
  });

  it('says what is in the way, and never the secret', async () => {
    const wrong = openS3Target({ ...options, secretAccessKey: 'another-secret' });
    const refused = await wrong.put('a', new Uint8Array(1)).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'backup.target', message: expect.stringMatching(/403 .*SignatureDoesNotMatch|403/) as string });
    expect(String(refused)).not.toContain('another-secret');
    await expect(openS3Target({ ...options, bucket: 'no-such-bucket' }).get('a')).rejects.toMatchObject({ code: 'backup.target' });
  });
});

describe('an S3-compatible store that has troubles', () => {
  let server: Server;
  const asked: string[] = [];
  let failures = 0;
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
      failures -= 1;
      if (failures >= 0) response.writeHead(503).end('<Error><Code>SlowDown</Code><Message>later</Message></Error>');
      else response.writeHead(200).end();
    });
    await new Promise<void>((done) => {
      server.listen(0, '127.0.0.1', done);
    });
  });
  afterAll(() => new Promise((done) => server.close(done)));
  const open = () => {
    const { port } = server.address() as AddressInfo;
    return openS3Target({
      endpoint: `http://127.0.0.1:${String(port)}`,
      region: 'x',
      bucket: 'b',
      prefix: '',
      accessKeyId: 'i',
      secretAccessKey: 's',
    });
  };

  it('is asked again, and given up with what it says', async () => {
    failures = 2;
    await open().put('a', new Uint8Array(1));
    expect(asked).toEqual(['PUT /b/a', 'PUT /b/a', 'PUT /b/a']);
    failures = 100;
    await expect(open().put('a', new Uint8Array(1))).rejects.toMatchObject({
      code: 'backup.target',
      message: expect.stringContaining('503 SlowDown later') as string,
    });
  });
});
