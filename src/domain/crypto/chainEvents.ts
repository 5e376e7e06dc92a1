import { fromHex, type Hex } from '../hex.ts';
import type { ChainMessage } from '../observation/schemas.ts';
import type { ExternalNetworkName, SetId } from '../processor/ids.ts';
import type { Burn, PartyMember } from '../processor/messages.ts';
import type { Draft } from '../tables.ts';
import { keysSet } from './confirm.ts';
import type { CryptoContext } from './context.ts';
import { digestBytes } from './digest.ts';
import { openKeyGen } from './keyGen.ts';
import { type BlockRef, blocks, gathered, type GatheredRow, head, networks, rosters, sets, signables } from './rows.ts';
import { accuse, tellProcessor } from './say.ts';
import { blockKey, headMoved } from './signing.ts';

/** Blocks whose hashes are kept: more than the windows any open attempt can be seeded from. */
const KEPT_BLOCKS = 1024;

const NETWORK_OF_COIN: Readonly<Record<string, ExternalNetworkName>> = { Bitcoin: 'Bitcoin', Ether: 'Ethereum', Dai: 'Ethereum', Monero: 'Monero' };
void NETWORK_OF_COIN;
void digestBytes;
void fromHex;
export type { BlockRef, Burn, ChainMessage, CryptoContext, Draft, GatheredRow, Hex, PartyMember, SetId };
export { accuse, blockKey, blocks, gathered, head, headMoved, KEPT_BLOCKS, keysSet, networks, openKeyGen, rosters, sets, signables, tellProcessor };
