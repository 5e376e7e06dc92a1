import { blake2b } from '@noble/hashes/blake2.js';
import type { Codec } from '../scale.ts';
import { codec, mapped, vec } from '../scale.ts';
import { extrinsic } from './extrinsic.ts';
import { runtimeHeader } from './substrate.ts';

/** A block's header; each log of the digest as its SCALE bytes. */
export interface Header {
  readonly parentHash: Uint8Array;
  readonly number: bigint;
  readonly stateRoot: Uint8Array;
  readonly extrinsicsRoot: Uint8Array;
  readonly digest: readonly Uint8Array[];
}

/** Parent hash, compact number, state root, extrinsics root, logs. */
export const header: Codec<Header> = mapped(
  runtimeHeader,
  (from): Header => ({
    parentHash: from.parent_hash,
    number: from.number,
    stateRoot: from.state_root,
    extrinsicsRoot: from.extrinsics_root,
    digest: from.digest.logs,
  }),
  (to) => ({
    parent_hash: to.parentHash,
    number: to.number,
    state_root: to.stateRoot,
    extrinsics_root: to.extrinsicsRoot,
    digest: { logs: to.digest },
  }),
);

/** A block's hash: blake2b-256 of its header's SCALE. */
export const headerHash = (value: Header): Uint8Array => blake2b(header.encode(value), { dkLen: 32 });

/** A block: header and each extrinsic's bytes. */
export interface Block {
  readonly header: Header;
  readonly extrinsics: readonly Uint8Array[];
}

const extrinsicBytes: Codec<Uint8Array> = codec(
  (reader) => {
    const start = reader.offset;
    extrinsic.read(reader);
    return reader.since(start);
  },
  (value, out) => {
    extrinsic.decode(value);
    out.put(value);
  },
);

const extrinsics = vec(extrinsicBytes);

/** What `chain_getBlockBin` answers: header, compact count, extrinsics without lengths; so each must be of a declared call. */
export const block: Codec<Block> = codec<Block>(
  (reader) => ({ header: header.read(reader), extrinsics: extrinsics.read(reader) }),
  (value, out) => {
    header.write(value.header, out);
    extrinsics.write(value.extrinsics, out);
  },
);
