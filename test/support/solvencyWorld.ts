import { blake2b } from '@noble/hashes/blake2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { encodeAddress } from '@polkadot/util-crypto';
import { fromHex, type Hex, toHex } from '../../src/domain/hex.ts';
import type { ChainMessage } from '../../src/domain/observation/schemas.ts';
import type { ExternalObservation } from '../../src/domain/processor/messages.ts';
import { batch } from '../../src/domain/serai/types.ts';

const hashOf = (...words: readonly unknown[]): Hex => toHex(blake2b(utf8ToBytes(words.map(String).join('/')), { dkLen: 32 }));

const account = { publicKey: hashOf('account'), address: encodeAddress(fromHex(hashOf('account'))) };
const BURN = { from: account, network: 'Bitcoin', address: '0x01', data: null, coin: 'Bitcoin' } as const;

const wholeBlock = (at: { readonly number: number; readonly hash: Hex }): ChainMessage => ({
  type: 'serai.chain.block.v1',
  data: { ...at, parentHash: at.hash, stateRoot: at.hash, extrinsicsRoot: at.hash, time: 6_000 * at.number },
});

/**
 * Two chains and a vault between them, as they really are: users pay in and burn, batches are executed some time later, in part failing,
 * burns are paid some time later, a thief takes something. What each chain shows is told in its own order; both together in none.
 */
export class SolvencyWorld {
  readonly chain: ChainMessage[] = [];
  readonly serai: ExternalObservation[] = [];
  /** What is really there, and what really should be. */
  supply = 0n;
  /** What each session's vault holds; while one hands over, two hold something. */
  readonly vaults: bigint[] = [0n];
  fees = 0n;
  failed = 0n;
  stolen = 0n;
  #seraiBlock = 0;
  #height = 0;
  #nextBatch = 0;
  readonly #deposits: bigint[] = [];
  readonly #proposed: { readonly id: number; readonly block: Hex; readonly amounts: readonly bigint[] }[] = [];
  readonly #burns: bigint[] = [];
  readonly #unpaid: { readonly block: number; readonly index: number; readonly amount: bigint }[] = [];

  /** What is not minted yet, and what is not paid yet. */
  get pendingIn(): bigint {
    return [...this.#proposed.flatMap(({ amounts }) => amounts)].reduce((sum, amount) => sum + amount, 0n);
  }

  get pendingOut(): bigint {
    return this.#unpaid.reduce((sum, { amount }) => sum + amount, 0n);
  }

  get vault(): bigint {
    return this.vaults.reduce((sum, amount) => sum + amount, 0n);
  }

  /** A new set's vault takes what is paid in from now on; the old ones still pay what they can. */
  rotate(): void {
    this.vaults.push(0n);
  }

  /** Out of the vaults, the oldest first. */
  #take(amount: bigint): void {
    let left = amount;
    for (const [session, held] of this.vaults.entries()) {
      const taken = session === this.vaults.length - 1 || held > left ? left : held;
      this.vaults[session] = held - taken;
      left -= taken;
    }
  }

  #put(amount: bigint): void {
    const newest = this.vaults.length - 1;
    this.vaults[newest] = (this.vaults[newest] ?? 0n) + amount;
  }

  payIn(amount: bigint): void {
    this.#deposits.push(amount);
  }

  burn(amount: bigint): void {
    if (amount > 0n && amount <= this.supply - this.#burns.reduce((sum, one) => sum + one, 0n)) this.#burns.push(amount);
  }

  /** A block of the external chain: takes what was paid in, and pays the first burns out; as far as the vault can; `wanted` leaves it unseen. */
  externalBlock(pays: number, wanted = 0n): void {
    this.#height += 1;
    const block = hashOf('external', this.#height);
    const amounts = this.#deposits.splice(0);
    const before = this.serai.length;
    if (amounts.length > 0) {
      const id = this.#nextBatch++;
      this.#proposed.push({ id, block, amounts });
      const instructions = amounts.map((amount) => ({
        instruction: { tag: 'Transfer', address: new Uint8Array(32) } as const,
        balance: { coin: 'Bitcoin' as const, amount },
      }));
      const bytes = batch.encode({ network: 'Bitcoin', id, block: blake2b(utf8ToBytes(block), { dkLen: 32 }), instructions });
      const data = { network: 'Bitcoin', session: 0, id, block, instructions: amounts.length, batch: toHex(bytes) } as const;
      this.serai.push({ type: 'serai.external.batch.v1', data });
      this.#put(amounts.reduce((sum, amount) => sum + amount, 0n));
    }
    for (let paid = 0; paid < pays && (this.#unpaid[0]?.amount ?? this.vault + 1n) <= this.vault; paid += 1) {
      const { block: at, index, amount } = this.#unpaid.shift() ?? { block: 0, index: 0, amount: 0n };
      this.#take(amount);
      this.#tellOutput(block, hashOf('plan', at, index), [{ block: at, index, fee: '1' }], 0n);
    }
    const stolen = wanted < this.vault ? wanted : this.vault;
    if (stolen > 0n) this.#take(stolen);
    else this.#put(-stolen);
    this.stolen += stolen;
    if (this.serai.length > before || stolen !== 0n) this.#tellBalances(block);
  }

  /** The old vaults move all they hold to the newest one, and pay their network a fee that nobody burnt. */
  forward(fee: bigint): void {
    this.#height += 1;
    const block = hashOf('external', this.#height);
    this.#put(this.vaults.splice(0, this.vaults.length, ...this.vaults.map(() => 0n)).reduce((sum, held) => sum + held, -fee));
    this.fees += fee;
    this.#tellOutput(block, hashOf('forward', this.#height), [], fee);
    this.#tellBalances(block);
  }

  /** A Serai block: executes the first batches, of which every so manieth instruction fails, and takes the burns in. */
  seraiBlock(executes: number, failing = 0): void {
    this.#seraiBlock += 1;
    const at = { number: this.#seraiBlock, hash: hashOf('serai', this.#seraiBlock) };
    const place = (): { block: typeof at; event: { index: number; extrinsic: null } } => ({
      block: at,
      event: { index: this.chain.length, extrinsic: null },
    });
    const tell = (message: ChainMessage): void => {
      this.chain.push(message);
    };
    let changed = false;
    for (const { id, block, amounts } of this.#proposed.splice(0, executes)) {
      for (const [index, amount] of amounts.entries()) {
        if (failing > 0 && (id + index) % failing === 0) {
          this.failed += amount;
          tell({ type: 'serai.in-instructions.instruction-failure.v1', data: { ...place(), network: 'Bitcoin', id, index } });
        } else this.supply += amount;
      }
      changed = true;
      tell({
        type: 'serai.in-instructions.batch.v1',
        data: { ...place(), network: 'Bitcoin', id, externalBlock: block, instructionsHash: block },
      });
    }
    for (const [index, amount] of this.#burns.splice(0).entries()) {
      changed = true;
      this.supply -= amount;
      this.#unpaid.push({ block: at.number, index, amount });
      tell({
        type: 'serai.coins.burn-with-instruction.v1',
        data: { ...place(), ...BURN, amount: amount.toString() },
      });
    }
    if (changed) tell({ type: 'serai.coins.supply.v1', data: { block: at, coin: 'Bitcoin', amount: this.supply.toString() } });
    tell(wholeBlock(at));
  }

  /** Serai mints what nobody paid in. */
  mint(amount: bigint): void {
    this.supply += amount;
    this.#seraiBlock += 1;
    const at = { number: this.#seraiBlock, hash: hashOf('serai', this.#seraiBlock) };
    this.chain.push({ type: 'serai.coins.supply.v1', data: { block: at, coin: 'Bitcoin', amount: this.supply.toString() } });
    this.chain.push(wholeBlock(at));
  }

  #tellOutput(
    block: Hex,
    plan: Hex,
    payments: readonly { readonly block: number; readonly index: number; readonly fee: string }[],
    vaultFee: bigint,
  ): void {
    const data = { network: 'Bitcoin' as const, plan, outputHash: hashOf('output', plan), block, payments: [...payments] };
    this.serai.push({ type: 'serai.external.output.v1', data: { ...data, vaultFee: vaultFee.toString() } });
  }

  #tellBalances(block: Hex): void {
    const vaults = this.vaults.map((held, session) => ({ session, coin: 'Bitcoin', amount: held.toString() }));
    this.serai.push({ type: 'serai.external.balances.v1', data: { network: 'Bitcoin', block, height: this.#height, vaults } });
  }
}
