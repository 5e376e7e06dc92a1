import type { ProviderInterface } from '@polkadot/rpc-provider/types';
import type { Hex } from '../../domain/hex.ts';
import { ChainError } from '../../domain/observation/chainError.ts';
import { coded } from '../../domain/runbook.ts';
import { nodeError } from './nodeError.ts';
import { patchingProvider } from './patchingProvider.ts';
import { openSwitchingProvider } from './switchingProvider.ts';

/** Where the driver says what it sees; pino's loggers fit. */
export interface ChainLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** A connection to one of several Serai nodes that comes back by itself. */
export interface Link {
  /** With patched metadata. */
  readonly provider: ProviderInterface;
  /** The endpoint in use or tried last. */
  endpoint(): string;
  /** Resolves once connected to a node of the right chain; rejects once that can never be. */
  ready(): Promise<void>;
  /** Rejects when the link ends for good: closed, or the node is of another chain. */
  readonly closed: Promise<never>;
  /** Waits until ready, then asks; rejects with a {@link ChainError}. */
  ask(method: string, params: unknown[]): Promise<unknown>;
  /** Leaves the node in use for the next endpoint. */
  reconnect(): void;
  genesisHash(): Hex;
  /** Why there is no connection: the last failure, if any. */
  lastFailure(): string | undefined;
  /** Since when there is no connection, in milliseconds since 1970; undefined where there is one. */
  awaySince(): number | undefined;
  close(): void;
}

export interface LinkOptions {
  readonly endpoints: readonly string[];
  readonly log: ChainLog;
  readonly expectedGenesis?: Hex;
  /** Milliseconds. */
  readonly requestTimeout: number;
}

const firstDelay = 200;
const longestDelay = 15_000;
/** A connection that gave so many answers has earned a quick return. */
const enoughAnswers = 16;

/** A promise to be settled later that does not complain when nobody waits for it. */
const quiet = <T>(): PromiseWithResolvers<T> => {
  const resolvers = Promise.withResolvers<T>();
  resolvers.promise.catch(() => undefined);
  return resolvers;
};

const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string' ? error.message : '';

/** A node that takes the connection and says nothing for so long is left. */
const longestGreeting = 10_000;

const backOff = (attempt: number): number => Math.min(longestDelay, firstDelay * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2);

/** Connects, checks the genesis hash at every connection, and connects again with back-off, endpoint after endpoint. */
export const openLink = ({ endpoints, log, expectedGenesis, requestTimeout }: LinkOptions): Link => {
  const switching = openSwitchingProvider(requestTimeout);
  const provider = patchingProvider(switching.provider);
  const end = quiet<never>();
  let gate = quiet<undefined>();
  let genesis = expectedGenesis;
  let turn = 0;
  let isReady = false;
  let isClosed = false;
  let attempt = 0;
  let answers = 0;
  let failure: string | undefined;
  let awaySince: number | undefined = Date.now();
  let timer: NodeJS.Timeout | undefined;

  const endpointInUse = (): string => endpoints[turn % endpoints.length] ?? '';

  const closeWith = (error: ChainError): void => {
    if (isClosed) return;
    isClosed = true;
    clearTimeout(timer);
    end.reject(error);
    gate.reject(error);
    // Where the gate was open, whoever asks next is told the same.
    gate = quiet();
    gate.reject(error);
    switching.leave();
  };

  const connect = (): void => {
    timer = setTimeout(
      () => {
        failure = 'it takes connections but does not answer';
        switching.leave();
      },
      Math.min(requestTimeout, longestGreeting),
    );
    switching.use(endpointInUse());
  };

  const greet = async (): Promise<void> => {
    const endpoint = endpointInUse();
    const found = await provider.send<Hex>('chain_getBlockHash', [0]);
    genesis ??= found;
    if (found !== genesis) {
      const cure = 'correct the endpoint, or use another name and data folder';
      closeWith(
        new ChainError(
          'chain.wrong-genesis',
          `the node at ${endpoint} has genesis block ${found}, we follow ${genesis}: a different chain; ${cure}`,
        ),
      );
      return;
    }
    clearTimeout(timer);
    isReady = true;
    awaySince = undefined;
    answers = 0;
    log.info({ endpoint }, 'chain connected');
    gate.resolve(undefined);
  };

  provider.on('connected', () => {
    greet().catch((error: unknown) => {
      failure = messageOf(error);
      switching.leave();
    });
  });
  provider.on('error', (error: unknown) => {
    failure = messageOf(error) || 'connection refused';
  });
  provider.on('disconnected', () => {
    if (isClosed) return;
    if (isReady) {
      log.warn({ ...coded('chain.disconnected'), endpoint: endpointInUse() }, 'chain disconnected');
      if (answers >= enoughAnswers) attempt = 0;
      isReady = false;
      awaySince = Date.now();
      gate = quiet();
    }
    turn += 1;
    clearTimeout(timer);
    timer = setTimeout(connect, backOff(attempt));
    attempt += 1;
  });
  connect();

  return {
    provider,
    closed: end.promise,
    endpoint: endpointInUse,
    ready: async () => {
      await gate.promise;
    },
    ask: async (method, params) => {
      await gate.promise;
      try {
        const answer = await provider.send<unknown>(method, params);
        answers += 1;
        return answer;
      } catch (error) {
        throw nodeError(error, `${method} at ${endpointInUse()}`);
      }
    },
    reconnect: () => {
      switching.leave();
    },
    genesisHash: () => {
      if (genesis === undefined) throw new ChainError('chain.retry', 'not connected yet');
      return genesis;
    },
    lastFailure: () => failure,
    awaySince: () => awaySince,
    close: () => {
      closeWith(new ChainError('chain.closed', 'the connection to the Serai node was closed'));
    },
  };
};
