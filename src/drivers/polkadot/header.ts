import { z } from 'zod';
import { fromHex, type Hex, toHex } from '../../domain/hex.ts';
import { headerHash } from '../../domain/serai/header.ts';

/** Bytes in a node's answer. */
export const hexAnswer = z.string().regex(/^0x([0-9a-f]{2})*$/) as unknown as z.ZodType<Hex>;

/** A header as `chain_getHeader` writes it. */
export const headerJson = z.object({
  parentHash: hexAnswer,
  number: z.string().regex(/^0x[0-9a-f]+$/),
  stateRoot: hexAnswer,
  extrinsicsRoot: hexAnswer,
  digest: z.object({ logs: z.array(hexAnswer) }),
});
export type HeaderJson = z.infer<typeof headerJson>;

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

/** `DigestItem::RuntimeEnvironmentUpdated`: the block put new code in place. */
const runtimeUpdated = '0x08';

/** Whether the blocks after this one are executed by other code. */
export const changesRuntime = ({ digest }: HeaderJson): boolean => digest.logs.includes(runtimeUpdated);
