import { compactStripLength } from '@polkadot/util';
import { z } from 'zod';
import { fromHex, type Hex, toHex } from '../../domain/hex.ts';
import { ChainError } from '../../domain/observation/chainError.ts';
import type { Link } from './link.ts';
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

/**
 * Decoding a block takes the runtime that executed it, which is its parent's. @polkadot/api's own cache of runtimes is not used: it changes
 * its current registry in place at an upgrade, and may then read an older block with the newer types.
 */
export const openRuntimes = (link: Link): RuntimeAt => {
  const known = new Map<string, Promise<Runtime>>();
  return async (block) => {
    const { specName, specVersion } = runtimeVersion.parse(await link.ask('state_getRuntimeVersion', [block]));
    const version = `${specName}-${String(specVersion)}`;
    const open = known.get(version) ?? metadataAt(link, block).then((metadata) => openRuntime(metadata, version));
    known.set(version, open);
    try {
      return await open;
    } catch (error) {
      known.delete(version);
      throw error;
    }
  };
};
