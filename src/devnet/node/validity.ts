/** Why the runtime refuses an extrinsic (reference serai.md §b.14). */
export type Refusal =
  | { readonly tag: 'Stale' | 'Future' | 'BadProof' | 'ExhaustsResources' | 'Payment' | 'Call' }
  | { readonly tag: 'Custom'; readonly code: number };

const TEXTS = {
  Stale: 'Transaction is outdated',
  Future: 'Transaction will be valid in the future',
  BadProof: 'Transaction has a bad signature',
  ExhaustsResources: 'Transaction would exhaust the block limits',
  Payment: 'Inability to pay some fees (e.g. account balance too low)',
  Call: 'Transaction call is not expected',
} as const;

/** The words Substrate's JSON-RPC has for it. */
export const refusalText = (refusal: Refusal): string =>
  refusal.tag === 'Custom' ? `Custom error: ${String(refusal.code)}` : TEXTS[refusal.tag];
