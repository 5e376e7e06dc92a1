import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';

/** Bytes as people and JSON see them: `0x` and lower-case hex. */
export type Hex = `0x${string}`;

/** Writes bytes as `0x` hex. */
export const toHex = (bytes: Uint8Array): Hex => `0x${bytesToHex(bytes)}`;

/** Reads `0x` hex (the prefix may be missing); throws on anything else. */
export const fromHex = (hex: string): Uint8Array => hexToBytes(hex.startsWith('0x') ? hex.slice(2) : hex);
