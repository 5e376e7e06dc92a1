import type { Store } from '../../data/store.ts';
import type { Hex } from '../../domain/hex.ts';
import type { EventRecord } from '../../domain/serai/events.ts';
import { Chain } from './chain.ts';
import type { Imported } from './chainView.ts';
import { everyEvent } from './everyEvent.ts';
import { type Faults, noFaults } from './faults.ts';
import { lyingChain } from './lyingChain.ts';
import { openRpcServer, type RpcServer } from './rpcServer.ts';

export interface SeraiNodeOptions {
  readonly store: Store;
  /** 0 takes any free port. */
  readonly port: number;
  /** Milliseconds between blocks; 0 makes blocks only by `produceBlock`. */
  readonly blockTime: number;
  readonly now?: () => number;
  /** Blocks of a session, after which sets rotate; 0 (the default) for one session without end. */
  readonly sessionBlocks?: number;
  /** How many sessions there are; 0 (the default) for no end of them. */
  readonly sessions?: number;
  /** Hears that the node can no longer make blocks. */
  readonly failed?: (error: unknown) => void;
}

/** A simulated Serai node on loopback: JSON-RPC over WebSocket and HTTP on one port, with the real runtime's bytes (design §13). */
export interface SeraiNode {
  readonly url: string;
  readonly genesisHash: Hex;
  /** What it does wrong; may be changed at any time. */
  readonly faults: Faults;
  finalizedNumber(): number;
  bestNumber(): number;
  /** Makes a block; `also` are events in it that nothing caused. */
  produceBlock(also?: readonly EventRecord[]): Promise<Imported>;
  /** Opens another endpoint, which tells of another chain from this height on. */
  openLiar(from: number): Promise<string>;
  close(): Promise<void>;
}

/** Opens the node on its store: the chain goes on where it stood. */
export const openSeraiNode = async ({
  store,
  port,
  blockTime,
  now = Date.now,
  sessionBlocks = 0,
  sessions = 0,
  failed = () => undefined,
}: SeraiNodeOptions): Promise<SeraiNode> => {
  const faults = noFaults();
  const bend = (event: EventRecord): EventRecord => {
    if (!faults.alterBatch || event.pallet !== 'InInstructions' || event.name !== 'Batch') return event;
    faults.alterBatch = false;
    return { ...event, fields: { ...event.fields, instructions_hash: new Uint8Array(32) } };
  };
  const chain = await Chain.open({ store, now, sessionBlocks, sessions, bend });
  const honest = await openRpcServer({ chain, faults, port });
  const servers: RpcServer[] = [honest];

  const produce = async (also: readonly EventRecord[]): Promise<Imported> => {
    const upgrades = faults.runtimeUpgrade > 0 && chain.best.number + 1 >= faults.runtimeUpgrade;
    if (upgrades) faults.runtimeUpgrade = 0;
    const imported = await (upgrades ? chain.upgrade([...also, ...everyEvent()]) : chain.produce(also));
    for (const server of servers) await server.advance();
    return imported;
  };
  // One block after the other: two at once would both follow the same one.
  let producing: Promise<unknown> = Promise.resolve();
  let queued = 0;
  const produceBlock = (also: readonly EventRecord[] = []): Promise<Imported> => {
    queued += 1;
    const next = producing
      .then(() => produce(also))
      .finally(() => {
        queued -= 1;
      });
    producing = next.catch(() => undefined);
    return next;
  };
  const timer =
    blockTime === 0
      ? undefined
      : setInterval(() => {
          // A node that is slower than its block time misses slots.
          if (!faults.stall && queued === 0) produceBlock().catch(failed);
        }, blockTime);

  return {
    url: honest.url,
    genesisHash: chain.genesisHash,
    faults,
    finalizedNumber: () => chain.finalized,
    bestNumber: () => chain.best.number,
    produceBlock,
    openLiar: async (from) => {
      const liar = await openRpcServer({ chain: lyingChain(chain, from), faults: noFaults(), port: 0 });
      servers.push(liar);
      return liar.url;
    },
    close: async () => {
      clearInterval(timer);
      for (const server of servers) await server.close();
      await producing;
      await chain.close();
    },
  };
};
