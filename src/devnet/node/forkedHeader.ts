import type { Header } from '../../domain/serai/header.ts';

/** A header that might have been: on the same parent, with other extrinsics. */
export const forkedHeader = (header: Header): Header => ({ ...header, extrinsicsRoot: header.extrinsicsRoot.map((byte) => byte ^ 0xff) });
