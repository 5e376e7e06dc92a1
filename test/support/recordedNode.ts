import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { golden, goldenText } from './golden.ts';

/** A recorded block of a Serai node. */
export interface RecordedBlock {
  readonly number: number;
  readonly hash: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly events: string;
  readonly blockBin: string;
}

interface Exchange {
  readonly request: { readonly method: string; readonly params: unknown };
  readonly response: { readonly result?: unknown; readonly error?: unknown };
}

/** What a request is answered with instead of the recording; `undefined` leaves it as it was. */
export type Answer =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string; readonly data?: string } };
export type Meddle = (method: string, params: readonly unknown[]) => Answer | undefined;

/** A Serai node that says what a real one said, block by block as it is told to finalize them. */
export interface RecordedNode {
  readonly url: string;
  readonly blocks: readonly RecordedBlock[];
  /** What `state_getRuntimeVersion` answers. */
  readonly version: Readonly<Record<string, unknown>>;
  readonly requests: string[];
  readonly connections: () => number;
  /** Finalizes up to this height; `notify` heads are sent to subscribers (by default that height). */
  finalize(height: number, notify?: readonly number[]): void;
  meddle(meddle: Meddle): void;
  /** What it would answer by itself. */
  answer(method: string, params: readonly unknown[]): Answer;
  /** Drops all connections; new ones are taken. */
  drop(): void;
  /** Reads nothing more from the connections there are: a node that hangs. */
  freeze(): void;
  close(): Promise<void>;
}

/** Where the events of a block stand. */
export const eventsKey = '0x26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7';
/** Where the runtime's version since its last upgrade stands. */
export const lastUpgradeKey = '0x26aa394eea5630e07c48ae0c9558cef7f9cce9c888469bb1a0dceaa129672ef8';
const supplyKey = '0x2149f4e1bd7e9f4e1c267e017c117d874cdde9190aaf9b6c8d12b7b0181e602700';
const seraiSessionKey = '0x91414b51fb24a73654f23de268c3757de364355265357291b2f50b872214452900';
const nowKey = '0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb';

/** The only extrinsic of each recorded block is `Timestamp.set`: a compact of six or seven bytes before the last byte. */
const nowOf = ({ blockBin }: RecordedBlock): string | null => {
  const bytes = Buffer.from(blockBin.slice(2), 'hex');
  const at = bytes.length - 8;
  return bytes[at] === 0x0b ? `0x${bytes.subarray(at + 1, at + 7).toString('hex')}0000` : null;
};

const compactLength = (hex: string): string => {
  const length = (hex.length - 2) / 2;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(length * 4 + 2);
  return bytes.toString('hex');
};

/** Serves the recording of a Serai node (`node/*.json`) over WebSocket. */
export const openRecordedNode = async (port = 0): Promise<RecordedNode> => {
  const { blocks } = golden('node/blocks.json') as { readonly blocks: readonly RecordedBlock[] };
  const exchanges = golden('node/rpc.json') as readonly Exchange[];
  const { top } = golden('genesis_dev.json') as { readonly top: Readonly<Record<string, string>> };
  const v14 = goldenText('metadata_v14.hex');
  const v15 = goldenText('metadata_v15.hex');
  const versions = golden('runtime_version.json') as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  const version = versions['rpc_json (state_getRuntimeVersion)'] ?? {};
  const recorded = new Map(exchanges.map(({ request, response }) => [JSON.stringify([request.method, request.params]), response]));
  const byHash = new Map(blocks.map((block) => [block.hash, block]));
  const requests: string[] = [];
  let finalized = 0;
  let meddle: Meddle = () => undefined;
  let subscriptions = 0;
  const heads = new Map<string, WebSocket>();

  const blockAt = (hash: unknown): RecordedBlock | undefined =>
    byHash.get(typeof hash === 'string' ? hash : (blocks[finalized]?.hash ?? ''));

  const storage = (key: string, block: RecordedBlock): unknown => {
    if (key === eventsKey) return block.events;
    if (key === nowKey) return nowOf(block);
    if (key === supplyKey || key === lastUpgradeKey) return top[key] ?? null;
    return stateAt(key, block);
  };

  /** Serai's set rotated in block 21; the rest of what is stored of validator sets stayed as it was in genesis. */
  const stateAt = (key: string, { number }: RecordedBlock): unknown => {
    if (key === seraiSessionKey) return number < 21 ? '0x00000000' : '0x01000000';
    return key.startsWith('0x91414b51fb24a73654f23de268c3757d') ? (top[key] ?? null) : null;
  };

  const metadataCall = (name: unknown, params: unknown): Answer | undefined => {
    if (name === 'Metadata_metadata_versions') return { result: '0x080e0000000f000000' };
    if (name === 'Metadata_metadata') return { result: `0x${compactLength(v14)}${v14.slice(2)}` };
    if (name !== 'Metadata_metadata_at_version') return undefined;
    const metadata = params === '0x0f000000' ? v15 : params === '0x0e000000' ? v14 : undefined;
    return { result: metadata === undefined ? '0x00' : `0x01${compactLength(metadata)}${metadata.slice(2)}` };
  };

  const answer = (method: string, params: readonly unknown[]): Answer => {
    const [first, second] = params;
    if (method === 'state_getMetadata') return { result: v14 };
    if (method === 'state_getRuntimeVersion') return { result: version };
    if (method === 'state_call') {
      const metadata = metadataCall(first, second);
      if (metadata !== undefined) return metadata;
      if (first === 'SeraiRuntimeApi_validators') return recordedAnswer(method, [first, second, blocks[8]?.hash]);
    }
    if (method === 'chain_getFinalizedHead') return { result: blocks[finalized]?.hash };
    if (method === 'chain_getHeader') return { result: blockAt(first)?.header ?? null };
    if (method === 'chain_getBlockHash' && (first === undefined || typeof first === 'number')) {
      const height = first ?? finalized;
      return { result: height <= finalized ? (blocks[height]?.hash ?? null) : null };
    }
    if (method === 'chain_getBlockHash' && Array.isArray(first))
      return { result: first.map((height: number) => (height <= finalized ? (blocks[height]?.hash ?? null) : null)) };
    if (method === 'state_queryStorageAt') {
      const block = blockAt(second);
      if (block !== undefined)
        return { result: [{ block: block.hash, changes: (first as string[]).map((key) => [key, storage(key, block)]) }] };
    }
    if (method === 'state_getStorageHash' && first === '0x3a636f6465') return { result: `0x${'c0'.repeat(32)}` };
    if (method === 'state_getStorage') {
      const block = blockAt(second);
      if (block !== undefined) return { result: storage(String(first), block) };
    }
    return recordedAnswer(method, params);
  };

  const recordedAnswer = (method: string, params: readonly unknown[]): Answer => {
    const response = recorded.get(JSON.stringify([method, params]));
    return (response as Answer | undefined) ?? { error: { code: -32601, message: 'Method not found' } };
  };

  const server = new WebSocketServer({ host: '127.0.0.1', port });
  const notifyOne = (socket: WebSocket, method: string, subscription: string, result: unknown): void => {
    socket.send(JSON.stringify({ jsonrpc: '2.0', method, params: { subscription, result } }));
  };

  const subscribe = (socket: WebSocket, method: string): string | undefined => {
    if (method !== 'chain_subscribeFinalizedHeads' && method !== 'state_subscribeRuntimeVersion') return undefined;
    subscriptions += 1;
    const id = `subscription-${String(subscriptions)}`;
    queueMicrotask(() => {
      if (method === 'state_subscribeRuntimeVersion') notifyOne(socket, 'state_runtimeVersion', id, version);
      else {
        heads.set(id, socket);
        notifyOne(socket, 'chain_finalizedHead', id, blocks[finalized]?.header);
      }
    });
    return id;
  };

  server.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => {
      const { id, method, params } = JSON.parse(data.toString()) as { id: number; method: string; params: readonly unknown[] };
      requests.push(method);
      const subscription = subscribe(socket, method);
      const answered = subscription === undefined ? (meddle(method, params) ?? answer(method, params)) : { result: subscription };
      socket.send(JSON.stringify({ ...answered, jsonrpc: '2.0', id }));
    });
    socket.on('close', () => {
      for (const [id, holder] of heads) if (holder === socket) heads.delete(id);
    });
  });
  await new Promise((resolve) => server.once('listening', resolve));

  return {
    url: `ws://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    blocks,
    version,
    requests,
    connections: () => server.clients.size,
    finalize: (height, notify = [height]) => {
      finalized = height;
      for (const number of notify) for (const [id, socket] of heads) notifyOne(socket, 'chain_finalizedHead', id, blocks[number]?.header);
    },
    meddle: (next) => {
      meddle = next;
    },
    answer,
    drop: () => {
      for (const socket of server.clients) socket.terminate();
    },
    freeze: () => {
      for (const socket of server.clients) socket.pause();
    },
    close: async () => {
      for (const socket of server.clients) socket.terminate();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
};
