import type { ProviderInterface } from '@polkadot/rpc-provider/types';
import { fromHex, type Hex, toHex } from '../../domain/hex.ts';
import { patchMetadata } from './patchMetadata.ts';
import { compactAddLength, compactStripLength } from './polkadot.ts';

/** Metadata answers kept patched: a node gives the same bytes again and again, and patching takes tens of milliseconds. */
const kept = 4;

type Rewrite = (answer: Hex) => Hex;

const patchOpaque: Rewrite = (answer) => toHex(compactAddLength(fromHex(patchMetadata(compactStripLength(fromHex(answer))[1]))));

/** `Option<OpaqueMetadata>`: 0 for a version the runtime does not have. */
const patchOptional: Rewrite = (answer) => (answer.startsWith('0x01') ? `0x01${patchOpaque(`0x${answer.slice(4)}`).slice(2)}` : answer);

const rewriteOf = (method: string, params: readonly unknown[]): Rewrite | undefined => {
  if (method === 'state_getMetadata') return patchMetadata;
  if (method !== 'state_call') return undefined;
  if (params[0] === 'Metadata_metadata') return patchOpaque;
  return params[0] === 'Metadata_metadata_at_version' ? patchOptional : undefined;
};

/**
 * A provider whose every metadata answer is patched ({@link patchMetadata}), whatever asks for it: @polkadot/api at start, after a runtime
 * upgrade, or for a block long ago. Everything else goes to `inner` and comes back as it is.
 */
export const patchingProvider = (inner: ProviderInterface): ProviderInterface => {
  const patched = new Map<Hex, Hex>();

  const rewriteOnce = (rewrite: Rewrite, answer: Hex): Hex => {
    const known = patched.get(answer);
    if (known !== undefined) return known;
    const result = rewrite(answer);
    const oldest = patched.keys().next();
    if (patched.size >= kept && oldest.done !== true) patched.delete(oldest.value);
    patched.set(answer, result);
    return result;
  };

  return {
    get hasSubscriptions() {
      return inner.hasSubscriptions;
    },
    get isClonable() {
      return inner.isClonable;
    },
    get isConnected() {
      return inner.isConnected;
    },
    clone: () => patchingProvider(inner.clone()),
    connect: () => inner.connect(),
    disconnect: () => inner.disconnect(),
    on: (type, listener) => inner.on(type, listener),
    send: async <T>(method: string, params: unknown[], isCacheable?: boolean): Promise<T> => {
      const answer = await inner.send<T>(method, params, isCacheable);
      const rewrite = rewriteOf(method, params);
      return rewrite === undefined || typeof answer !== 'string' ? answer : (rewriteOnce(rewrite, answer as Hex) as T);
    },
    subscribe: (type, method, params, listener) => inner.subscribe(type, method, params, listener),
    unsubscribe: (type, method, id) => inner.unsubscribe(type, method, id),
  };
};
