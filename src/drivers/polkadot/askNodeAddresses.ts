import { z } from 'zod';
import { externalNetwork } from '../../domain/processor/ids.ts';

/** Milliseconds a node has to answer. */
const DEADLINE = 10_000;

/** Addresses of one network at most. */
const AT_MOST = 1_024;

const answer = z.object({ result: z.array(z.string().max(255)).max(AT_MOST) });

/** `p2p_validators` takes the bare value as its parameters, not a list; which one depends on the profile (reference serai.md §b.15). */
const parameterOf = (profile: string, network: string): unknown => (profile === 'serai-dev' ? { External: network } : network);

/**
 * Asks the first node that answers which addresses of validators' nodes it knows, of all external networks. Asked over HTTP on the same port: what
 * @polkadot's provider sends as parameters is always a list, which the node refuses.
 */
export const askNodeAddresses = async (endpoints: readonly string[], profile: string): Promise<string[]> => {
  let last: unknown = new Error('no node is configured');
  for (const endpoint of endpoints) {
    try {
      const found = await Promise.all(externalNetwork.options.map((network) => ask(endpoint, parameterOf(profile, network))));
      return [...new Set(found.flat())];
    } catch (error) {
      last = error;
    }
  }
  throw last;
};

const ask = async (endpoint: string, params: unknown): Promise<string[]> => {
  const response = await fetch(endpoint.replace(/^ws/, 'http'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'p2p_validators', params }),
    signal: AbortSignal.timeout(DEADLINE),
  });
  return answer.parse(await response.json()).result;
};
