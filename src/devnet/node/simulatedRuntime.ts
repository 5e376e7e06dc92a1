import { utf8ToBytes } from '@noble/hashes/utils.js';
import { type Hex, toHex } from '../../domain/hex.ts';
import { type Layout, movedBy, seraiDev } from '../../domain/serai/layouts.ts';
import { encodeMetadata } from '../../domain/serai/metadata.ts';
import type { RuntimeVersion } from '../../domain/serai/substrate.ts';
import { seraiVersion } from '../../domain/serai/version.ts';
import type { ChainView } from './chainView.ts';

/** Storage key of the runtime's code. */
export const CODE: Uint8Array = utf8ToBytes(':code');

const PREFIX = 'simulated runtime ';

/** Stands in for the code of a runtime: its `spec_version`, in words. */
export const codeOf = (specVersion: number): Uint8Array => utf8ToBytes(`${PREFIX}${String(specVersion)}`);

/** A version of the simulated runtime: what it says it is, and how its bytes lie. */
export interface SimulatedRuntime {
  readonly version: RuntimeVersion;
  readonly layout: Layout;
  readonly metadata: (version: 14 | 15) => Uint8Array;
}

/** Versions whose pallets have indices of their own; those after them have the same again. */
const LAYOUTS = 8;

const open = (specVersion: number): SimulatedRuntime => {
  const by = ((specVersion - seraiVersion.spec_version) % LAYOUTS) * 20;
  const layout = by === 0 ? seraiDev : movedBy(by);
  const encoded = new Map<14 | 15, Uint8Array>();
  const metadata = (version: 14 | 15): Uint8Array => {
    const bytes = encoded.get(version) ?? encodeMetadata(version, layout);
    encoded.set(version, bytes);
    return bytes;
  };
  return { version: { ...seraiVersion, spec_version: specVersion }, layout, metadata };
};

const opened = new Map<number, SimulatedRuntime>();

/** The runtime of a code; every upgrade moves the indices of all pallets but System. */
export const runtimeOf = (code: Uint8Array | undefined): SimulatedRuntime => {
  const specVersion = code === undefined ? seraiVersion.spec_version : Number(new TextDecoder().decode(code).slice(PREFIX.length));
  const runtime = opened.get(specVersion) ?? open(specVersion);
  opened.set(specVersion, runtime);
  return runtime;
};

/** The runtime that is in force after the block of a height. */
export const runtimeAfter = async (chain: ChainView, height: number): Promise<SimulatedRuntime> =>
  runtimeOf(await chain.storageAt(CODE, height));

/** The runtime's version as JSON-RPC shows it (the fork has no authoringVersion). */
export const versionJson = ({ version }: SimulatedRuntime): Record<string, unknown> => ({
  specName: version.spec_name,
  implName: version.impl_name,
  specVersion: version.spec_version,
  implVersion: version.impl_version,
  apis: version.apis.map(([id, number]): [Hex, number] => [toHex(id), number]),
  transactionVersion: version.transaction_version,
  stateVersion: version.state_version,
});
