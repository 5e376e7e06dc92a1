import { mkdtemp, readdir, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { askCoordinator, controlFolder, openControlSocket } from '../../src/drivers/http/controlSocket.ts';
import type { Pages } from '../../src/drivers/http/httpServer.ts';

const folderOf = async (): Promise<string> => controlFolder(await mkdtemp(join(tmpdir(), 'control-')), 'alice');

const open = async (folder: string, pages: Pages, name = 'all') => {
  const socket = await openControlSocket({ folder, name, pages });
  onTestFinished(() => socket.close());
  return socket;
};

describe.skipIf(process.platform === 'win32')('the control socket', () => {
  it('answers this user alone, page by page', async () => {
    const folder = await folderOf();
    await open(folder, { 'GET /peers': () => ({ body: { peers: [] } }), 'POST /pause': (asked) => ({ status: 202, body: asked }) });
    expect((await stat(join(folder, 'all.sock'))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(await askCoordinator(folder, 'GET', '/peers')).toEqual({ status: 200, body: { peers: [] } });
    expect(await askCoordinator(folder, 'POST', '/pause', { network: 'Bitcoin' })).toEqual({ status: 202, body: { network: 'Bitcoin' } });
    expect((await askCoordinator(folder, 'POST', '/peers')).status).toBe(405);
    expect((await askCoordinator(folder, 'GET', '/nothing')).body).toEqual({ error: expect.stringContaining('GET /peers') as unknown });
  });

  it('asks the process that has the page, where several run', async () => {
    const folder = await folderOf();
    await open(folder, { 'GET /status': () => ({ body: 1 }) }, 'crypto');
    await open(folder, { 'GET /peers': () => ({ body: 2 }) }, 'connection');
    expect((await askCoordinator(folder, 'GET', '/peers')).body).toBe(2);
    expect((await askCoordinator(folder, 'GET', '/status')).body).toBe(1);
  });

  it('takes the place of one that a killed process left behind, and not of one that answers', async () => {
    const folder = await folderOf();
    const first = await open(folder, {});
    await expect(openControlSocket({ folder, name: 'all', pages: {} })).rejects.toMatchObject({ code: 'control.in-use' });
    await first.close();
    // A socket that nobody listens on any more.
    const dead = createServer();
    await new Promise<void>((resolve) => {
      dead.listen(join(folder, 'dead'), resolve);
    });
    await writeFile(join(folder, 'all.sock'), '');
    await open(folder, { 'GET /peers': () => ({ body: 3 }) });
    expect((await askCoordinator(folder, 'GET', '/peers')).body).toBe(3);
    dead.close();
  });

  it('is gone with its process, and says so to whoever asks', async () => {
    const folder = await folderOf();
    const socket = await open(folder, {});
    await socket.close();
    expect(await readdir(folder)).toEqual([]);
    await expect(askCoordinator(folder, 'GET', '/peers')).rejects.toMatchObject({ code: 'control.not-running' });
  });

  it('says when its path is too long for the system', async () => {
    const folder = join(tmpdir(), 'x'.repeat(120));
    await expect(openControlSocket({ folder, name: 'all', pages: {} })).rejects.toMatchObject({ code: 'control.path' });
  });

  it('tells what went wrong in a page, and takes no more than it should', async () => {
    const folder = await folderOf();
    await open(folder, {
      'GET /broken': () => {
        throw new Error('it is broken');
      },
      'POST /taken': () => ({ body: null }),
    });
    expect(await askCoordinator(folder, 'GET', '/broken')).toEqual({ status: 500, body: { error: 'it is broken' } });
    expect((await askCoordinator(folder, 'POST', '/taken', 'x'.repeat(100_000))).status).toBe(413);
  });
});
