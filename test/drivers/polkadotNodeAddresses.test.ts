import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { askNodeAddresses } from '../../src/drivers/polkadot/askNodeAddresses.ts';

/** A node that answers with what is given; returns its endpoint, and what it was asked. */
const nodeWith = async (answer: (params: unknown) => unknown) => {
  const asked: unknown[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { id, params } = JSON.parse(Buffer.concat(chunks).toString()) as { id: number; params: unknown };
      asked.push(params);
      response.end(JSON.stringify({ jsonrpc: '2.0', id, ...(answer(params) as object) }));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
  });
  return { endpoint: `ws://127.0.0.1:${String((server.address() as AddressInfo).port)}`, asked };
};

describe('the addresses a node knows', () => {
  it('are asked for each network by its bare name, as the profile writes it', async () => {
    const dev = await nodeWith((params) => ({
      result: [`/dns4/${(params as { External: string }).External}.example/tcp/30333`, '/ip4/1.2.3.4/tcp/1'],
    }));
    expect(await askNodeAddresses([dev.endpoint], 'serai-dev')).toEqual([
      '/dns4/Bitcoin.example/tcp/30333',
      '/ip4/1.2.3.4/tcp/1',
      '/dns4/Ethereum.example/tcp/30333',
      '/dns4/Monero.example/tcp/30333',
    ]);
    expect(dev.asked).toContainEqual({ External: 'Monero' });
    const t2 = await nodeWith(() => ({ result: [] }));
    expect(await askNodeAddresses([t2.endpoint], 'serai-t2')).toEqual([]);
    expect(t2.asked).toContainEqual('Bitcoin');
  });

  it('are asked of the next node where one refuses, or answers something else', async () => {
    const refusing = await nodeWith(() => ({ error: { code: -32601, message: 'Method not found' } }));
    const strange = await nodeWith(() => ({ result: 7 }));
    const good = await nodeWith(() => ({ result: ['/ip4/1.2.3.4/tcp/1'] }));
    expect(await askNodeAddresses([refusing.endpoint, strange.endpoint, good.endpoint], 'serai-dev')).toEqual(['/ip4/1.2.3.4/tcp/1']);
    await expect(askNodeAddresses([refusing.endpoint], 'serai-dev')).rejects.toThrow();
  });
});
