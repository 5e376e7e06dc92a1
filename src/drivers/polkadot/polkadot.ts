import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { decorateStorage, Metadata, TypeRegistry } = require('@polkadot/types') as typeof import('@polkadot/types');
const { RpcCoder } = require('@polkadot/rpc-provider/coder') as typeof import('@polkadot/rpc-provider/coder');
const { compactAddLength, compactStripLength, stringCamelCase } = require('@polkadot/util') as typeof import('@polkadot/util');

/**
 * What we use of @polkadot, from its CommonJS build: as ES modules Node parses the packages' own manifests, of up to 188 kB, again for
 * every file it loads, which takes three times the time and the memory (docs/decisions.md, "@polkadot is required, not imported").
 */
export { compactAddLength, compactStripLength, decorateStorage, Metadata, RpcCoder, stringCamelCase, TypeRegistry };
