import { CoordinatorError } from '../errors.ts';
import type { ExternalNetworkName } from './ids.ts';

/** A processor spoke of another network than its own. */
export class ForeignNetworkError extends CoordinatorError {
  override readonly name = 'ForeignNetworkError';
  readonly code = 'processor.foreign-network';
}

/** Throws ForeignNetworkError unless `source` is the processor of the network that it speaks of. */
export const mustSpeakFor = (source: string, processor: (network: ExternalNetworkName) => string, network: ExternalNetworkName): void => {
  if (source !== processor(network))
    throw new ForeignNetworkError(`${source} speaks of ${network}, whose processor is ${processor(network)}`);
};
