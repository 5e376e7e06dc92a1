import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { openSeraiNode, type SeraiNode } from '../../src/devnet/node/seraiNode.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { golden, goldenPresent } from '../support/golden.ts';

type Json = z.infer<ReturnType<typeof z.json>>;

const exchanges = z.array(
  z.object({
    note: z.string(),
    request: z.object({ jsonrpc: z.string(), id: z.number(), method: z.string(), params: z.json() }),
    response: z.object({ result: z.json().optional(), error: z.object({ code: z.number(), message: z.string() }).optional() }),
  }),
);

/** What differs between chains is replaced by its kind: hashes, hex, numbers; names and structure stay. */
const shape = (value: Json | undefined): unknown => {
  if (typeof value === 'string') return /^0x[0-9a-f]*$/.test(value) ? (value.length === 66 ? 'hash' : 'hex') : value;
  if (typeof value === 'number') return 'number';
  if (Array.isArray(value)) return value.length === 0 ? [] : [shape(value[0])];
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shape(inner)]));
  return value;
};

/** Answers that name the chain or the node itself, or list what only the real one has. */
const OWN = new Set(['system_chain', 'system_version', 'rpc_methods', 'p2p_validators']);

describe.runIf(goldenPresent)('the simulated node', () => {
  let node: SeraiNode;
  const recorded = exchanges.parse(goldenPresent ? golden('node/rpc.json') : []);
  const recordedHead = z.string().parse(recorded.find(({ request }) => request.method === 'chain_getFinalizedHead')?.response.result ?? '');

  beforeAll(async () => {
    node = await openSeraiNode({ store: openMemoryStore(), port: 0, blockTime: 0, now: () => 1_700_000_000_000 });
    for (let block = 0; block < 12; block += 1) await node.produceBlock();
  });
  afterAll(async () => {
    await node.close();
  });

  const post = async (body: unknown): Promise<z.infer<typeof exchanges>[number]['response']> => {
    const response = await fetch(node.url.replace('ws', 'http'), { method: 'POST', body: JSON.stringify(body) });
    return z
      .object({ result: z.json().optional(), error: z.object({ code: z.number(), message: z.string() }).optional() })
      .parse(await response.json());
  };

  it.each(
    recorded.map(({ note, request, response }, index) => ({ name: `${String(index)} ${request.method} ${note}`, request, response })),
  )('answers $name as the real one', async ({ request, response }) => {
    const head = z.string().parse((await post({ jsonrpc: '2.0', id: 1, method: 'chain_getFinalizedHead', params: [] })).result);
    const own = JSON.stringify(request).replaceAll(recordedHead, head).replaceAll(recordedHead.slice(2), head.slice(2));
    const answer = await post(JSON.parse(own));
    expect(answer.error).toEqual(response.error);
    if (response.error === undefined && !OWN.has(request.method))
      expect(withoutDigests(shape(answer.result))).toEqual(withoutDigests(shape(response.result)));
  });

  it('tells of heads, of its version and of storage, and ends subscriptions', async () => {
    const socket = new WebSocket(node.url);
    const messages: {
      readonly id?: number;
      readonly method?: string;
      readonly result?: unknown;
      readonly params?: { readonly subscription: string };
    }[] = [];
    let arrived: () => void = () => undefined;
    socket.on('message', (data: Buffer) => {
      messages.push(JSON.parse(data.toString('utf8')) as (typeof messages)[number]);
      arrived();
    });
    const until = async (holds: () => boolean): Promise<void> => {
      while (!holds()) await new Promise<void>((resolve) => (arrived = resolve));
    };
    await new Promise((resolve) => socket.once('open', resolve));
    const ask = async (id: number, method: string, params: unknown): Promise<unknown> => {
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
      await until(() => messages.some((message) => message.id === id));
      return messages.find((message) => message.id === id)?.result;
    };
    const events = '0x26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7';
    const finalized = await ask(1, 'chain_subscribeFinalizedHeads', []);
    await ask(2, 'chain_subscribeNewHeads', []);
    await ask(3, 'state_subscribeRuntimeVersion', []);
    await ask(4, 'state_subscribeStorage', [[events]]);
    const told = (method: string): number => messages.filter((message) => message.method === method).length;
    const all = ['chain_finalizedHead', 'chain_newHead', 'state_runtimeVersion', 'state_storage'];
    await until(() => all.every((method) => told(method) === 1));
    await node.produceBlock();
    await until(() => told('chain_finalizedHead') === 2 && told('chain_newHead') === 2);
    expect(told('state_runtimeVersion')).toBe(1);
    expect(await ask(5, 'chain_unsubscribeFinalizedHeads', [finalized])).toBe(true);
    expect(await ask(6, 'chain_unsubscribeFinalizedHeads', ['nope'])).toBe(false);
    socket.close();
  });

  it('survives garbage', async () => {
    const socket = new WebSocket(node.url);
    await new Promise((resolve) => socket.once('open', resolve));
    const answers: string[] = [];
    const three = new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        answers.push(data.toString('utf8'));
        if (answers.length === 3) resolve();
      });
    });
    for (const garbage of ['', '{', Buffer.from([0xff, 0x00, 0x80])]) socket.send(garbage);
    await three;
    for (const answer of answers) expect(JSON.parse(answer)).toMatchObject({ error: { code: -32700 } });
    socket.close();
    expect((await post({ jsonrpc: '2.0', id: 1, method: 'system_name', params: [] })).result).toBe('Serai Node');
  });
});

/** Digests of blocks and lists of storage differ between chains in length and kind. */
const withoutDigests = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value ?? null, (key, inner: unknown) => (['digest', 'extrinsics', 'apis'].includes(key) ? typeof inner : inner)),
  );
