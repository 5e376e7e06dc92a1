import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { BlockRef } from '../../src/domain/observation/fields.ts';
import type { ObservedBlock } from '../../src/domain/observation/observedBlock.ts';
import { hashOfHeader, headerJson } from '../../src/drivers/polkadot/header.ts';
import { openSeraiClient, type SeraiClient, type SeraiClientOptions } from '../../src/drivers/polkadot/openSeraiClient.ts';
import { goldenPresent, goldenText } from '../support/golden.ts';
import { type Answer, eventsKey, lastUpgradeKey, openRecordedNode, type RecordedNode } from '../support/recordedNode.ts';
import { recordsOf } from '../support/recordsOf.ts';

const lines: string[] = [];
const log: SeraiClientOptions['log'] = {
  info: (_fields, message) => void lines.push(message),
  warn: (_fields, message) => void lines.push(message),
};

const startNode = async (port = 0): Promise<RecordedNode> => {
  const node = await openRecordedNode(port);
  onTestFinished(() => node.close());
  return node;
};

const connect = async (node: RecordedNode, options: Partial<SeraiClientOptions> = {}): Promise<SeraiClient> => {
  const client = await openSeraiClient({ endpoints: [node.url], log, pollInterval: 100, connectDeadline: 5_000, ...options });
  onTestFinished(() => client.close());
  return client;
};

interface Observed {
  readonly blocks: ObservedBlock[];
  readonly failures: unknown[];
  readonly stop: () => Promise<void>;
}

const observe = (client: SeraiClient, height: number, deliver?: (block: ObservedBlock) => Promise<void>, after?: BlockRef): Observed => {
  const blocks: ObservedBlock[] = [];
  const failures: unknown[] = [];
  const stop = client.follow(
    after === undefined ? { height } : { height, after },
    async (block) => {
      await deliver?.(block);
      blocks.push(block);
    },
    (error) => failures.push(error),
  );
  onTestFinished(stop);
  return { blocks, failures, stop };
};

/** The answer with another value under a storage key. */
const changed = (answer: Answer, key: string, value: string): Answer => {
  const [set] = (
    answer as { readonly result: readonly { readonly block: string; readonly changes: readonly (readonly [string, string])[] }[] }
  ).result;
  return { result: [{ block: set?.block, changes: set?.changes.map(([at, before]) => [at, at === key ? value : before]) }] };
};

const heights = ({ blocks }: Observed): number[] => blocks.map(({ number }) => number);
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const hexOf = (text: string): string => Buffer.from(text).toString('hex');
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 8_000, interval: 20 });

describe.skipIf(!goldenPresent)('a recorded Serai node', { timeout: 20_000 }, () => {
  afterEach(() => {
    lines.length = 0;
  });

  it('is observed from genesis to its head, rotation included', async () => {
    const node = await startNode();
    node.finalize(24);
    const client = await connect(node);
    expect(client.genesisHash).toBe(node.blocks[0]?.hash);
    const observed = observe(client, 0);
    await until(() => {
      expect(heights(observed)).toEqual(range(0, 24));
    });
    expect(observed.blocks.map(({ hash }) => hash)).toEqual(node.blocks.map(({ hash }) => hash));
    const [genesis] = observed.blocks;
    expect(genesis?.time).toBe(0);
    expect(genesis?.events.filter(({ name }) => name === 'NewSet').map(({ fields }) => fields)).toEqual(
      ['Serai', 'Bitcoin', 'Ethereum', 'Monero'].map((network) => ({ set: { session: 0, network } })),
    );
    expect(genesis?.state.find(({ item, key }) => item === 'Participants' && key === 'Bitcoin')?.value).toEqual([
      ['0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d', '1'],
    ]);
    const rotation = observed.blocks[21];
    expect(rotation?.events.map(({ pallet, name }) => `${pallet}.${name}`)).toEqual([
      'ValidatorSets.SetRetired',
      'ValidatorSets.AcceptedHandover',
      'ValidatorSets.NewSet',
      'System.ExtrinsicSuccess',
      'Grandpa.NewAuthorities',
    ]);
    expect(new Date(rotation?.time ?? 0).getUTCFullYear()).toBeGreaterThan(2024);
    const sessions = recordsOf(observed.blocks).filter(({ type }) => type === 'serai.validator-sets.current-session.v1');
    expect(sessions.map(({ id }) => id.slice(id.indexOf('/') + 1))).toEqual(['0/Serai', '0/Bitcoin', '0/Ethereum', '0/Monero', '21/Serai']);
    expect(observed.failures).toEqual([]);
  });

  it('fills in skipped heads and drops repeated and old ones', async () => {
    const node = await startNode();
    node.finalize(2);
    const client = await connect(node, { pollInterval: 60_000 });
    const observed = observe(client, 1);
    await until(() => {
      expect(heights(observed)).toEqual([1, 2]);
    });
    await until(() => {
      expect(node.requests).toContain('chain_subscribeFinalizedHeads');
    });
    node.finalize(9, [9, 9, 5, 9]);
    await until(() => {
      expect(heights(observed)).toEqual(range(1, 9));
    });
    node.finalize(10, [3, 10]);
    await until(() => {
      expect(heights(observed)).toEqual(range(1, 10));
    });
    expect(observed.failures).toEqual([]);
  });

  it('finds new blocks by polling when no head is ever notified', async () => {
    const node = await startNode();
    const client = await connect(node);
    const observed = observe(client, 0);
    node.finalize(7, []);
    await until(() => {
      expect(heights(observed)).toEqual(range(0, 7));
    });
  });

  it('waits for each delivery and fetches no more than its look-ahead', async () => {
    const node = await startNode();
    node.finalize(24);
    const client = await connect(node, { lookAhead: 4 });
    const gate = Promise.withResolvers<undefined>();
    const observed = observe(client, 0, async ({ number }) => {
      if (number === 3) await gate.promise;
    });
    await until(() => {
      expect(heights(observed)).toEqual([0, 1, 2]);
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(heights(observed)).toEqual([0, 1, 2]);
    expect(node.requests.filter((method) => method === 'chain_getHeader').length).toBeLessThanOrEqual(20);
    gate.resolve(undefined);
    await until(() => {
      expect(heights(observed)).toEqual(range(0, 24));
    });
  });

  it('goes on where it was when the connection breaks and the node comes back', async () => {
    const node = await openRecordedNode();
    node.finalize(6);
    const client = await connect(node);
    const observed = observe(client, 0);
    await until(() => {
      expect(heights(observed)).toEqual(range(0, 6));
    });
    node.drop();
    node.finalize(8);
    await until(() => {
      expect(heights(observed)).toEqual(range(0, 8));
    });
    await node.close();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const again = await startNode(Number(new URL(node.url).port));
    again.finalize(12);
    await until(() => {
      expect(heights(observed)).toEqual(range(0, 12));
    });
    again.finalize(13);
    await until(() => {
      expect(heights(observed)).toEqual(range(0, 13));
    });
    expect(observed.failures).toEqual([]);
  });

  it('goes to the next endpoint when the first is gone or hangs', async () => {
    const first = await startNode();
    const second = await startNode();
    first.finalize(3);
    second.finalize(9);
    const client = await connect(first, { endpoints: [first.url, second.url], silence: 500 });
    const observed = observe(client, 0);
    await until(() => {
      expect(heights(observed)).toEqual(range(0, 3));
    });
    first.freeze();
    await until(() => {
      expect(heights(observed)).toEqual(range(0, 9));
    });
    expect(lines).toContain('chain silent');
  });

  it('is preferred to one that takes the connection and says nothing', async () => {
    const mute = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    onTestFinished(() => void mute.close());
    const node = await startNode();
    const endpoints = [`ws://127.0.0.1:${String((mute.address() as AddressInfo).port)}`, node.url];
    const client = await connect(node, { endpoints, requestTimeout: 500 });
    expect(client.genesisHash).toBe(node.blocks[0]?.hash);
  });

  it('stops at a finalized block that contradicts the one delivered', async () => {
    const node = await startNode();
    node.finalize(5);
    const client = await connect(node);
    const observed = observe(client, 0);
    await until(() => {
      expect(heights(observed)).toEqual(range(0, 5));
    });
    const header = headerJson.parse(node.blocks[5]?.header);
    const other = { ...header, stateRoot: header.extrinsicsRoot };
    node.meddle((method, params) => {
      if (method === 'chain_getBlockHash' && params[0] === 5) return { result: hashOfHeader(other) };
      return method === 'chain_getHeader' && params[0] === hashOfHeader(other) ? { result: other } : undefined;
    });
    await until(() => {
      expect(observed.failures).toEqual([expect.objectContaining({ code: 'chain.contradiction' })]);
    });
    node.finalize(10);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(heights(observed)).toEqual(range(0, 5));
  });

  it('takes the hash of another height for a wrong answer, not for another chain', async () => {
    const node = await startNode();
    node.finalize(5);
    const client = await connect(node);
    const observed = observe(client, 0);
    await until(() => {
      expect(heights(observed)).toEqual(range(0, 5));
    });
    node.meddle((method, params) => (method === 'chain_getBlockHash' && params[0] === 5 ? { result: node.blocks[4]?.hash } : undefined));
    await new Promise((resolve) => setTimeout(resolve, 300));
    node.meddle(() => undefined);
    node.finalize(10);
    await until(() => {
      expect(heights(observed)).toEqual(range(0, 10));
    });
    expect(observed.failures).toEqual([]);
  });

  it.each([
    ['the header of another block', 'chain_getHeader', (node: RecordedNode) => ({ result: node.blocks[1]?.header })],
    [
      'the state of another block',
      'state_queryStorageAt',
      (node: RecordedNode) => node.answer('state_queryStorageAt', [[], node.blocks[1]?.hash]),
    ],
    ['the state of no block', 'state_queryStorageAt', () => ({ result: [] })],
    ['an error', 'state_queryStorageAt', () => ({ error: { code: -32603, message: 'Internal error' } })],
  ])('is asked again when it answers with %s', async (_what, method, wrong) => {
    const node = await startNode();
    node.finalize(4);
    const client = await connect(node);
    let times = 0;
    node.meddle((asked, params) => {
      const of = asked === 'chain_getHeader' ? params[0] : params[1];
      if (asked !== method || of !== node.blocks[2]?.hash || times === 3) return undefined;
      times += 1;
      return wrong(node);
    });
    const observed = observe(client, 0);
    await until(() => {
      expect(heights(observed)).toEqual(range(0, 4));
    });
    expect(lines.filter((line) => line === 'chain block retried')).toHaveLength(3);
    expect(observed.failures).toEqual([]);
  });

  it('is left for the next endpoint when its answers stay wrong', async () => {
    const [wrong, right] = [await startNode(), await startNode()];
    for (const node of [wrong, right]) node.finalize(6);
    wrong.meddle((method, params) =>
      method === 'chain_getHeader' && params[0] === wrong.blocks[3]?.hash ? { result: wrong.blocks[1]?.header } : undefined,
    );
    const observed = observe(await connect(wrong, { endpoints: [wrong.url, right.url] }), 0);
    await until(() => {
      expect(heights(observed)).toEqual(range(0, 6));
    });
    expect(observed.failures).toEqual([]);
  });

  it('stops at events it cannot decode, with their bytes, the block and the runtime', async () => {
    const node = await startNode();
    node.finalize(6);
    const client = await connect(node);
    const raw = '0x04000000ff00';
    node.meddle((method, params) => {
      if (method !== 'state_queryStorageAt' || params[1] !== node.blocks[3]?.hash) return undefined;
      return changed(node.answer(method, params), eventsKey, raw);
    });
    const observed = observe(client, 0);
    await until(() => {
      expect(observed.failures).toEqual([
        expect.objectContaining({
          code: 'chain.undecodable',
          raw,
          at: { number: 3, hash: node.blocks[3]?.hash },
          runtime: 'serai-1',
        }),
      ]);
    });
    expect(heights(observed)).toEqual([0, 1, 2]);
  });

  it('is told apart when it has thrown the state away', async () => {
    const node = await startNode();
    node.finalize(6);
    const client = await connect(node);
    node.meddle((method, params) =>
      method === 'state_queryStorageAt' && params[1] === node.blocks[2]?.hash
        ? { error: { code: 4003, message: 'Client error: Api called for an unknown Block: State already discarded for 0x02' } }
        : undefined,
    );
    const observed = observe(client, 0);
    await until(() => {
      expect(observed.failures).toEqual([
        expect.objectContaining({ code: 'chain.pruned', message: expect.stringContaining('archive') as string }),
      ]);
    });
  });

  it('is read with the runtime that executed each block when the runtime is upgraded', async () => {
    const node = await startNode();
    node.finalize(14);
    const upgrade = 10;
    const heightOf = new Map(node.blocks.map(({ number, hash }) => [hash, number]));
    const isNew = (hash: unknown): boolean => typeof hash === 'string' && (heightOf.get(hash) ?? 0) >= upgrade;
    const metadata = goldenText('metadata_v14.hex').replace(hexOf('ExtrinsicSuccess'), hexOf('ExtrinsicTriumph'));
    const { specVersion, ...version } = node.version;
    expect(specVersion).toBe(1);
    let fetched = 0;
    node.meddle((method, params) => {
      if (method === 'state_getRuntimeVersion' && isNew(params[0])) return { result: { ...version, specVersion: 2 } };
      if (method === 'state_queryStorageAt' && (heightOf.get(params[1] as string) ?? 0) > upgrade)
        return changed(node.answer(method, params), lastUpgradeKey, '0x08147365726169');
      if (method === 'state_getMetadata' && isNew(params[0])) return { result: metadata };
      if (method !== 'state_call' || params[0] !== 'Metadata_metadata_at_version' || !isNew(params[2])) return undefined;
      fetched += 1;
      return {
        error: {
          code: -32000,
          message: 'Client error: Execution failed: Other: Exported method Metadata_metadata_at_version is not found',
        },
      };
    });
    const observed = observe(await connect(node), 1);
    await until(() => {
      expect(heights(observed)).toEqual(range(1, 14));
    });
    expect(observed.blocks.map(({ events }) => events[0]?.name)).toEqual(
      range(1, 14).map((height) => (height <= upgrade ? 'ExtrinsicSuccess' : 'ExtrinsicTriumph')),
    );
    expect(fetched).toBe(1);
  });

  it('is left for the next endpoint while it is syncing, or when it goes back in time', async () => {
    const [first, second] = [await startNode(), await startNode()];
    first.finalize(8);
    second.finalize(12);
    first.meddle((method) => (method === 'system_health' ? { result: { peers: 3, isSyncing: true, shouldHavePeers: true } } : undefined));
    const observed = observe(await connect(first, { endpoints: [first.url, second.url] }), 0);
    await until(() => {
      expect(heights(observed)).toEqual(range(0, 12));
    });
    expect(lines).toContain('chain node is syncing');
    first.meddle(() => undefined);
    first.finalize(14);
    second.finalize(5);
    await until(() => {
      expect(heights(observed)).toEqual(range(0, 14));
    });
    expect(lines).toContain('chain node went back in time');
    expect(observed.failures).toEqual([]);
  });

  it('is no longer believed when another endpoint has another finalized block', async () => {
    const [lying, honest] = [await startNode(), await startNode()];
    for (const node of [lying, honest]) node.finalize(6);
    const client = await connect(honest, { endpoints: [honest.url, lying.url] });
    lying.meddle((method, params) => (method === 'chain_getBlockHash' && params[0] === 9 ? { result: lying.blocks[4]?.hash } : undefined));
    const observed = observe(client, 0);
    await until(() => {
      expect(heights(observed)).toEqual(range(0, 6));
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(observed.failures).toEqual([]);
    for (const node of [lying, honest]) node.finalize(9);
    await until(() => {
      expect(observed.failures).toEqual([expect.objectContaining({ code: 'chain.disagreement' })]);
    });
    expect(String(observed.failures[0])).toContain(lying.url);
  });

  it('goes on only from the block that was read last', async () => {
    const node = await startNode();
    node.finalize(9);
    const client = await connect(node);
    const other = `0x${'44'.repeat(32)}` as const;
    const observed = observe(client, 6, undefined, { number: 5, hash: other });
    await until(() => {
      expect(observed.failures).toEqual([expect.objectContaining({ code: 'chain.contradiction' })]);
    });
    expect(observed.blocks).toEqual([]);
  });

  it('is refused when it is of another chain than expected', async () => {
    const node = await startNode();
    await expect(connect(node, { expectedGenesis: `0x${'22'.repeat(32)}` })).rejects.toMatchObject({ code: 'chain.wrong-genesis' });
  });

  it('stops when a later connection leads to another chain', async () => {
    const node = await startNode();
    node.finalize(2);
    const client = await connect(node);
    const observed = observe(client, 0);
    await until(() => {
      expect(heights(observed)).toEqual([0, 1, 2]);
    });
    node.meddle((method, params) => (method === 'chain_getBlockHash' && params[0] === 0 ? { result: `0x${'33'.repeat(32)}` } : undefined));
    node.drop();
    await until(() => {
      expect(observed.failures).toEqual([expect.objectContaining({ code: 'chain.wrong-genesis' })]);
    });
  });

  it('delivers nothing more once stopped', async () => {
    const node = await startNode();
    node.finalize(2);
    const client = await connect(node);
    const observed = observe(client, 0);
    await until(() => {
      expect(heights(observed)).toEqual([0, 1, 2]);
    });
    await observed.stop();
    node.finalize(9);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(heights(observed)).toEqual([0, 1, 2]);
    expect(observed.failures).toEqual([]);
  });

  it('can be let go of while it is away', async () => {
    const node = await startNode();
    node.finalize(2);
    const client = await connect(node);
    const observed = observe(client, 0);
    await until(() => {
      expect(heights(observed)).toEqual([0, 1, 2]);
    });
    node.meddle((method) => {
      if (method === 'chain_getHeader') node.drop();
      return undefined;
    });
    node.finalize(9);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await node.close();
    await observed.stop();
    expect(observed.failures).toEqual([]);
  });

  it('tells the validators of a network', async () => {
    const node = await startNode();
    node.finalize(8);
    const client = await connect(node);
    await expect(client.validators('Serai')).resolves.toEqual(['0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d']);
  });
});

describe('no Serai node', () => {
  it('is said with endpoint and cure', async () => {
    const opening = openSeraiClient({ endpoints: ['ws://127.0.0.1:9'], log, connectDeadline: 700 });
    await expect(opening).rejects.toMatchObject({ code: 'chain.unreachable' });
    await expect(opening).rejects.toThrow(/ws:\/\/127\.0\.0\.1:9 .*start the node/);
  });
});
