import { describe, expect, it, onTestFinished } from 'vitest';
import type { Stage } from '../../src/domain/health/readiness.ts';
import { openHealthServer } from '../../src/drivers/http/healthServer.ts';

const serve = async (stages: readonly Stage[], port = 0) => {
  const server = await openHealthServer({ host: '127.0.0.1', port, stages: () => stages, now: () => 100_000 });
  onTestFinished(() => server.close());
  return server;
};

const stuck: Stage = { name: 'a sends', waiting: 2, movedAt: 0, reason: 'away' };

describe('the health server', () => {
  it('answers while it lives, and says what stands still', async () => {
    const { url } = await serve([stuck]);
    const live = await fetch(`${url}/health/live`);
    expect([live.status, await live.json()]).toEqual([200, { live: true }]);
    const ready = await fetch(`${url}/health/ready`);
    const verdict = { ready: false, stuck: [{ stage: 'a sends', since: '1970-01-01T00:00:00.000Z', waiting: 2, why: 'away' }] };
    expect([ready.status, await ready.json()]).toEqual([503, verdict]);
    const status = await fetch(`${url}/status`);
    expect([status.status, await status.json()]).toEqual([200, { ...verdict, stages: [stuck] }]);
  });

  it('is ready where nothing stands still', async () => {
    const { url } = await serve([]);
    const ready = await fetch(`${url}/health/ready`);
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, stuck: [] }]);
  });

  it('only reads, and names its pages', async () => {
    const { url } = await serve([]);
    expect((await fetch(`${url}/status`, { method: 'POST' })).status).toBe(405);
    const other = await fetch(`${url}/other`);
    expect([other.status, await other.text()]).toEqual([404, expect.stringContaining('/health/ready')]);
  });

  it('says when its port is taken', async () => {
    const { url } = await serve([]);
    const port = Number(new URL(url).port);
    await expect(serve([], port)).rejects.toMatchObject({ code: 'http.listen', exitCode: 6 });
  });
});
