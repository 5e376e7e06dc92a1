import { z } from 'zod';
import { fromHex, type Hex, toHex } from '../../domain/hex.ts';
import { ChainError } from '../../domain/observation/chainError.ts';
import type { Link } from './link.ts';
import { compactStripLength } from './polkadot.ts';
import { openRuntime, type Runtime } from './runtime.ts';

const runtimeVersion = z.object({ specName: z.string(), specVersion: z.number() });

const metadataVersion = '0x0f000000';

/** Finds the runtime in force after a block; each version's metadata is fetched once. */
export type RuntimeAt = (block: Hex) => Promise<Runtime>;

const metadataAt = async (link: Link, block: Hex): Promise<Hex> => {
  const optional = await link.ask('state_call', ['Metadata_metadata_at_version', metadataVersion, block]).catch((error: unknown) => {
    // Runtimes before metadata v15 do not have the function.
    if (error instanceof ChainError && error.message.includes('is not found')) return '0x00';
    throw error;
  });
  const text = z.string().parse(optional);
  if (!text.startsWith('0x01')) return z.string().parse(await link.ask('state_getMetadata', [block])) as Hex;
  return toHex(compactStripLength(fromHex(text.slice(4)))[1]);
};

/** Storage key of the runtime's code. */
const code = toHex(new TextEncoder().encode(':code'));

/** Runtimes kept: more than an upgrade and what was read before it need. */
const keptRuntimes = 8;

/**
 * Decoding a block takes the runtime that executed it, which is its parent's. @polkadot/api's own cache of runtimes is not used: it changes
 * its current registry in place at an upgrade, and may then read an older block with the newer types. Metadata is kept per hash of the code.
 */
export const openRuntimes = (link: Link): RuntimeAt => {
  const known = new Map<string, Promise<Runtime>>();
  return async (block) => {
    const [answer, hash] = await Promise.all([
      link.ask('state_getRuntimeVersion', [block]),
      link.ask('state_getStorageHash', [code, block]),
    ]);
    const { specName, specVersion } = runtimeVersion.parse(answer);
    const version = `${specName}-${String(specVersion)}`;
    const key = `${version}/${String(hash)}`;
    const open = known.get(key) ?? metadataAt(link, block).then((metadata) => openRuntime(metadata, version));
    const [oldest] = known.keys();
    if (known.size >= keptRuntimes && oldest !== undefined) known.delete(oldest);
    known.set(key, open);
    try {
      return await open;
    } catch (error) {
      known.delete(key);
      throw error;
    }
  };
};
