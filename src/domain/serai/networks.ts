import { names } from '../scale.ts';
import type { Type } from './describe.ts';
import { field, t, unnamed } from './describe.ts';

/**
 * Byte of each network and coin on the wire, profile `serai-dev` (serai.md §b.11). Hand-written on the chain:
 * its metadata describes these four types as derived enums, which they are not.
 */
export const networkBytes = { Serai: 0, Bitcoin: 1, Ethereum: 2, Monero: 3 } as const;
/** See {@link networkBytes}. */
export const coinBytes = { Serai: 0, Bitcoin: 4, Ether: 5, Dai: 6, Monero: 7 } as const;

/** A network validators stand for: Serai itself or an external one. */
export type Network = keyof typeof networkBytes;
/** A network other than Serai. */
export type ExternalNetwork = Exclude<Network, 'Serai'>;
/** An asset the chain knows. */
export type Coin = keyof typeof coinBytes;
/** An asset of an external network. */
export type ExternalCoin = Exclude<Coin, 'Serai'>;

const { Serai: seraiNetwork, ...externalNetworkBytes } = networkBytes;
const { Serai: seraiCoin, ...externalCoinBytes } = coinBytes;

const path = (name: string): string => `serai_primitives::networks::${name}`;

/** An external network: bytes 1 to 3. */
export const externalNetwork: Type<ExternalNetwork> = t.describedAs(
  names(externalNetworkBytes),
  t.names(path('ExternalNetworkId'), ['Bitcoin', 'Ethereum', 'Monero']),
);

/** A network: one flat byte, 0 to 3. */
export const network: Type<Network> = t.describedAs(
  names({ Serai: seraiNetwork, ...externalNetworkBytes }),
  t.variant(path('NetworkId'), {
    Serai: { index: 0, fields: {} },
    External: { index: 1, fields: { network: unnamed(externalNetwork, 'ExternalNetworkId') } },
  }),
);

/** An external coin: bytes 4 to 7. */
export const externalCoin: Type<ExternalCoin> = t.describedAs(
  names(externalCoinBytes),
  t.names(path('ExternalCoin'), ['Bitcoin', 'Ether', 'Dai', 'Monero']),
);

/** A coin: one flat byte, 0 or 4 to 7. */
export const coin: Type<Coin> = t.describedAs(
  names({ Serai: seraiCoin, ...externalCoinBytes }),
  t.variant(path('Coin'), {
    Serai: { index: 0, fields: {} },
    External: { index: 1, fields: { coin: unnamed(externalCoin, 'ExternalCoin') } },
  }),
);

/** The coins of a network (serai.md §b.11). */
export const coinsOf: Readonly<Record<Network, readonly Coin[]>> = {
  Serai: ['Serai'],
  Bitcoin: ['Bitcoin'],
  Ethereum: ['Ether', 'Dai'],
  Monero: ['Monero'],
};

/** A period between two rotations of a set of validators. */
export const session: Type<number> = t.newtype('serai_validator_sets_primitives::Session', t.u32, 'u32');

/** The validators of a network in a session. */
export interface ValidatorSet {
  readonly session: number;
  readonly network: Network;
}

/** The validators of an external network in a session. */
export interface ExternalValidatorSet {
  readonly session: number;
  readonly network: ExternalNetwork;
}

/** A set of validators: session u32, network byte. */
export const validatorSet: Type<ValidatorSet> = t.struct('serai_validator_sets_primitives::ValidatorSet', {
  session: field(session, 'Session'),
  network: field(network, 'NetworkId'),
});

/** As {@link validatorSet}, of an external network. */
export const externalValidatorSet: Type<ExternalValidatorSet> = t.struct('serai_validator_sets_primitives::ExternalValidatorSet', {
  session: field(session, 'Session'),
  network: field(externalNetwork, 'ExternalNetworkId'),
});
