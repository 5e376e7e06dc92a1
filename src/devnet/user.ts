import { setTimeout as sleep } from 'node:timers/promises';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { fromHex, type Hex, toHex } from '../domain/hex.ts';
import type { ExternalNetworkName } from '../domain/processor/ids.ts';
import { encodeExtrinsic, signingPayload } from '../domain/serai/extrinsic.ts';
import { encodeSs58 } from '../domain/serai/ss58.ts';
import { storageItem, storageKey } from '../domain/serai/storageKey.ts';
import { devAccount, type Sr25519Pair, signSr25519 } from '../domain/threshold/schnorrkel.ts';
import { mainCoin } from './mainCoin.ts';
import type { ExternalChain } from './processor/externalChain.ts';

/** Milliseconds between looks at the chain. */
const LOOK = 100;

/** Who uses a network: of each account all extrinsics are burns, so that its nonce counts them. */
const ACCOUNTS = { Bitcoin: 'Eve', Ethereum: 'Ferdie', Monero: 'George' } as const;

export interface UserOptions {
  readonly network: ExternalNetworkName;
  readonly seed: number;
  readonly external: ExternalChain;
  readonly nodeUrl: string;
  readonly genesisHash: Hex;
}

/** Someone who uses Serai: pays a network's coin in, and once it was minted to them, burns it to be paid out again. */
export class User {
  readonly network: ExternalNetworkName;
  readonly #options: UserOptions;
  readonly #account: Sr25519Pair;

  constructor(options: UserOptions) {
    this.network = options.network;
    this.#options = options;
    this.#account = devAccount(ACCOUNTS[options.network]);
  }

  /** What cycle number `cycle` moves, in the coin's smallest unit: the same for the same seed. */
  amount(cycle: number): bigint {
    const digest = sha256(utf8ToBytes(`${String(this.#options.seed)}/${String(cycle)}`));
    return 10_000n + BigInt(new DataView(digest.buffer, digest.byteOffset, 4).getUint32(0) % 1_000_000);
  }

  /** Pays in; told twice, it is one payment. */
  deposit(cycle: number): Promise<void> {
    const instruction = { tag: 'Transfer', address: this.#account.publicKey } as const;
    return this.#options.external.deposit({ amount: this.amount(cycle), instruction }, `cycle/${String(cycle)}`);
  }

  /** Waits until the deposit was minted, then burns it, if this cycle's burn was not made before. */
  async burn(cycle: number, signal: AbortSignal): Promise<void> {
    const amount = this.amount(cycle);
    for (;;) {
      const nonce = await this.#nonce();
      if (nonce > cycle) return;
      if (nonce === cycle && (await this.#balance()) >= amount) break;
      await sleep(LOOK, undefined, { signal });
    }
    await this.#submit(cycle, amount);
    while ((await this.#nonce()) <= cycle) await sleep(LOOK, undefined, { signal });
  }

  async #submit(nonce: number, amount: bigint): Promise<void> {
    const { genesisHash } = this.#options;
    const address = utf8ToBytes(`${this.network.toLowerCase()}-devnet-${String(nonce)}`);
    const instruction = { instruction: { address, data: null }, balance: { coin: mainCoin[this.network], amount } };
    const call = { pallet: 'Coins', call: 'burn_with_instruction', fields: { instruction } };
    const extra = { era: { tag: 'Immortal' }, nonce, tip: 0n } as const;
    const version = (await this.#ask('state_getRuntimeVersion', [])) as {
      readonly specVersion: number;
      readonly transactionVersion: number;
    };
    const payload = signingPayload({
      call,
      ...extra,
      specVersion: version.specVersion,
      transactionVersion: version.transactionVersion,
      genesisHash: fromHex(genesisHash),
      checkpoint: fromHex(genesisHash),
    });
    const signed = { signer: this.#account.publicKey, signature: signSr25519(this.#account.secretKey, payload), ...extra };
    await this.#ask('author_submitExtrinsic', [toHex(encodeExtrinsic({ call, signed }))]);
  }

  async #balance(): Promise<bigint> {
    const value = await this.#ask('state_getStorage', [
      toHex(storageKey('Coins', 'Balances', this.#account.publicKey, mainCoin[this.network])),
    ]);
    return typeof value === 'string' ? (storageItem('Coins', 'Balances').value.decode(fromHex(value)) as bigint) : 0n;
  }

  async #nonce(): Promise<number> {
    return Number(await this.#ask('system_accountNextIndex', [encodeSs58(this.#account.publicKey)]));
  }

  async #ask(method: string, params: readonly unknown[]): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const response = await fetch(this.#options.nodeUrl.replace('ws:', 'http:'), {
      method: 'POST',
      body,
      // It answers on the event loop we are on, which may be starved.
      signal: AbortSignal.timeout(60_000),
    });
    const answer = (await response.json()) as {
      readonly result?: unknown;
      readonly error?: { readonly message: string; readonly data?: string };
    };
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message} ${answer.error.data ?? ''}`);
    return answer.result;
  }
}
