import { z } from 'zod';
import { fromHex, type Hex, toHex } from '../../domain/hex.ts';
import { ChainError } from '../../domain/observation/chainError.ts';
import { seraiEvents } from '../../domain/observation/seraiEvents.ts';
import { headerHash } from '../../domain/serai/header.ts';
import type { ChainBlock, ChainEvent, SetMember } from '../../streams/fromChain.ts';
import type { Link } from './link.ts';
import type { Runtime, StorageItem } from './runtime.ts';
import type { RuntimeAt } from './runtimes.ts';

const hex = z.string().regex(/^0x([0-9a-f]{2})*$/) as unknown as z.ZodType<Hex>;

/** A header as `chain_getHeader` writes it. */
export const headerJson = z.object({
  parentHash: hex,
  number: z.string().regex(/^0x[0-9a-f]+$/),
  stateRoot: hex,
  extrinsicsRoot: hex,
  digest: z.object({ logs: z.array(hex) }),
});
type HeaderJson = z.infer<typeof headerJson>;

/** The hash of a header as a node writes it. */
export const hashOfHeader = ({ parentHash, number, stateRoot, extrinsicsRoot, digest }: HeaderJson): Hex =>
  toHex(
    headerHash({
      parentHash: fromHex(parentHash),
      number: BigInt(number),
      stateRoot: fromHex(stateRoot),
      extrinsicsRoot: fromHex(extrinsicsRoot),
      digest: digest.logs.map(fromHex),
    }),
  );

const events: StorageItem = { pallet: 'system', item: 'events' };
const now: StorageItem = { pallet: 'timestamp', item: 'now' };
const participantsOf = (network: string): StorageItem => ({ pallet: 'validatorSets', item: 'participants', args: [network] });

const memberList = z.array(z.tuple([hex, z.string()])).nullable();

const newExternalSets = (happened: readonly ChainEvent[]): string[] =>
  happened
    .filter(({ pallet, name }) => pallet === 'ValidatorSets' && name === 'NewSet')
    .map(({ fields }) => seraiEvents.newSet.parse(fields).set.network)
    .filter((network) => network !== 'Serai');

/** Reads and decodes the finalized block of a height. */
export type ReadBlock = (height: number) => Promise<ChainBlock>;

/** Reads blocks over `link`: header checked against its hash, events with the runtime of the parent, participants of new external sets. */
export const openReadBlock = (link: Link, runtimeAt: RuntimeAt): ReadBlock => {
  const valueAt = async (runtime: Runtime, item: StorageItem, block: Hex): Promise<unknown> =>
    runtime.storageValue(item, hex.nullable().parse(await link.ask('state_getStorage', [runtime.storageKey(item), block])));

  const membersAt = async (runtime: Runtime, network: string, block: Hex): Promise<SetMember[]> =>
    (memberList.parse(await valueAt(runtime, participantsOf(network), block)) ?? []).map(([publicKey, weight]) => ({
      publicKey,
      weight: Number(weight),
    }));

  return async (height) => {
    const hash = hex.nullable().parse(await link.ask('chain_getBlockHash', [height]));
    if (hash === null) throw new ChainError('chain.retry', `the node at ${link.endpoint()} does not have block ${String(height)} yet`);
    const answer = await link.ask('chain_getHeader', [hash]);
    if (answer === null) throw new ChainError('chain.retry', `the node at ${link.endpoint()} does not have header ${hash}`);
    const header = headerJson.parse(answer);
    const { parentHash, stateRoot, extrinsicsRoot } = header;
    if (hashOfHeader(header) !== hash || Number(header.number) !== height) {
      throw new ChainError(
        'chain.contradiction',
        `the node at ${link.endpoint()} gives block ${String(height)} hash ${hash} and a header that does not have it`,
      );
    }
    const runtime = await runtimeAt(height === 0 ? hash : parentHash);
    const [raw, time] = await Promise.all([link.ask('state_getStorage', [runtime.storageKey(events), hash]), valueAt(runtime, now, hash)]);
    const happened = runtime.events(hex.nullable().parse(raw));
    const participants: Record<string, readonly SetMember[]> = {};
    for (const network of newExternalSets(happened)) participants[network] = await membersAt(runtime, network, hash);
    return { number: height, hash, parentHash, stateRoot, extrinsicsRoot, time: Number(time ?? 0), events: happened, participants };
  };
};
