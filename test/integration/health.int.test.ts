import { request } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Stage } from '../../src/domain/health/readiness.ts';
import { status } from '../../src/domain/health/status.ts';
import { openHealthServer } from '../../src/drivers/http/healthServer.ts';
import { someStatus } from '../support/someStatus.ts';

const serve = async (stages: readonly Stage[], port = 0) => {
  const server = await openHealthServer({
    host: '127.0.0.1',
    port,
    status: () => someStatus({ stages }),
  });
  onTestFinished(() => server.close());
  return server;
};

/** Asks by another name than the address. */
const askAs = (url: string, host: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });

const stuck: Stage = { name: 'a sends', waiting: 2, movedAt: 0, reason: 'away' };

describe('the health server', () => {
  it('answers while it lives, and says what stands still', async () => {
    const { url } = await serve([stuck]);
    const live = await fetch(`${url}/health/live`);
    expect([live.status, await live.json()]).toEqual([200, { live: true }]);
    const ready = await fetch(`${url}/health/ready`);
    const findings = [expect.objectContaining({ check: 'stages', subject: 'a sends', verdict: 'fail', code: 'stage.stuck' }) as unknown];
    const verdict = { ready: false, findings, stuck: [{ stage: 'a sends', since: '1970-01-01T00:00:00.000Z', waiting: 2, why: 'away' }] };
    expect([ready.status, await ready.json()]).toEqual([503, verdict]);
    const told = await fetch(`${url}/status`);
    const said: unknown = await told.json();
    expect([told.status, status.parse(said)]).toEqual([200, expect.objectContaining({ ...verdict, stages: [stuck] })]);
  });

  it('is ready where nothing stands still', async () => {
    const { url } = await serve([]);
    const ready = await fetch(`${url}/health/ready`);
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, stuck: [], findings: [] }]);
  });

  it('only reads, and names its pages', async () => {
    const { url } = await serve([]);
    const json = { 'content-type': 'application/json' };
    for (const page of ['/', '/status', '/health/live', '/metrics', '/page.js'])
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
        expect((await fetch(url + page, { method, headers: json, body: '{}' })).status).toBe(405);
    // What a devnet has to switch its faults with, a coordinator has not.
    expect((await fetch(`${url}/faults`)).status).toBe(404);
    expect((await fetch(`${url}/faults`, { method: 'POST', headers: json, body: '{"fault":"stall","value":1}' })).status).toBe(405);
    const other = await fetch(`${url}/other`);
    expect([other.status, await other.text()]).toEqual([404, expect.stringContaining('/health/ready')]);
    const head = await fetch(`${url}/`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('serves a page that runs nothing but its own script, and nothing of the devnet', async () => {
    const { url } = await serve([]);
    const answer = await fetch(`${url}/`);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const policy = answer.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toContain('unsafe');
    const html = await answer.text();
    expect(html).toContain('href="status"');
    expect(html).not.toMatch(/devnet|faults| on\w+=| style=/);
    const assets = [...html.matchAll(/(?:href|src)="(page\.[a-z]+)"/g)].map(([, name = '']) => name);
    expect(assets).toEqual(['page.css', 'page.js']);
    for (const name of assets) expect((await fetch(`${url}/${name}`)).status).toBe(200);
  });

  it('is not led on by a name that somebody else made lead here', async () => {
    const { url } = await serve([]);
    expect(await askAs(`${url}/status`, 'evil.example')).toBe(403);
    expect(await askAs(`${url}/`, 'evil.example')).toBe(403);
    expect(await askAs(`${url}/status`, 'localhost:1')).toBe(200);
    expect(await askAs(`${url}/metrics`, 'coordinator:9616')).toBe(200);
  });

  it('says when its port is taken', async () => {
    const { url } = await serve([]);
    const port = Number(new URL(url).port);
    await expect(serve([], port)).rejects.toMatchObject({ code: 'http.listen', exitCode: 6 });
  });
});
