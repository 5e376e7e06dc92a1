import { beforeEach, describe, expect, it } from 'vitest';
import { genesis } from '../../../src/devnet/node/genesis.ts';
import { apply, validate } from '../../../src/devnet/node/runtime.ts';
import { nextSession } from '../../../src/devnet/node/sessions.ts';
import type { BlockState } from '../../../src/devnet/node/state.ts';
import type { Call } from '../../../src/domain/serai/extrinsic.ts';
import { batchMessage, reportSlashesMessage } from '../../../src/domain/serai/messages.ts';
import type { Batch } from '../../../src/domain/serai/types.ts';
import { devAccount, signSr25519 } from '../../../src/domain/threshold/schnorrkel.ts';

const GENESIS = new Uint8Array(32);
const [alice, bob, charlie] = [devAccount('Alice'), devAccount('Bob'), devAccount('Charlie')];

/** A key pair as the chain keeps it. */
const pairOf = ({ publicKey }: typeof alice) => ({ ristretto: publicKey, external: publicKey });

const batch = (id: number): Batch => ({ network: 'Bitcoin', id, block: new Uint8Array(32).fill(id), instructions: [] });

const executeBatch = (made: Batch, signer = alice): Call => ({
  pallet: 'InInstructions',
  call: 'execute_batch',
  fields: { batch: { batch: made, signature: signSr25519(signer.secretKey, batchMessage(made)) } },
});

const reportSlashes = (session: number, signer = alice): Call => {
  const slashes = [[charlie.publicKey, 3]] as const;
  const signature = signSr25519(signer.secretKey, reportSlashesMessage({ network: 'Bitcoin', session }, slashes));
  return { pallet: 'ValidatorSets', call: 'report_slashes', fields: { network: 'Bitcoin', slashes, signature } };
};

const setKeys = (...removed: readonly Uint8Array[]): Call => ({
  pallet: 'ValidatorSets',
  call: 'set_keys',
  fields: { network: 'Bitcoin', removed_participants: removed, key_pair: pairOf(bob), signature: new Uint8Array(64) },
});

/** What a network's sets come to in the simulated runtime (reference serai.md §b.14, §b.17). */
describe('sets of the simulated runtime', () => {
  let state: BlockState;
  let events: string[];
  let height: bigint;

  const refusal = (call: Call): string => {
    const refused = validate(state, GENESIS, { call });
    return refused === undefined ? 'none' : refused.tag === 'Custom' ? `Custom ${String(refused.code)}` : refused.tag;
  };
  const run = (call: Call): void => {
    height += 1n;
    state.set('System', 'Number', [], height);
    expect(refusal(call)).toBe('none');
    events.push(...apply(state, 0, { call }).map(({ name, fields }) => named(name, fields)));
  };
  const rotate = (): void => {
    nextSession(state, (_, name, fields) => events.push(named(name, fields)));
  };
  const named = (name: string, { set }: Record<string, unknown>): string => {
    const of = set as { readonly network: string; readonly session: number } | undefined;
    return of === undefined ? name : `${name} ${of.network}/${String(of.session)}`;
  };

  beforeEach(() => {
    state = genesis().fork();
    events = [];
    height = 0n;
    state.set('ValidatorSets', 'Keys', [{ network: 'Bitcoin', session: 0 }], pairOf(alice));
  });

  it('rotate as a session ends: Serai always, a network only when its set has keys', () => {
    rotate();
    expect(events).toEqual(['NewSet Serai/1', 'NewSet Bitcoin/1']);
    rotate();
    expect(events.slice(2)).toEqual(['NewSet Serai/2']);
  });

  it('rotate no more after the last session that there is to be', () => {
    state.set('ValidatorSets', 'Keys', [{ network: 'Bitcoin', session: 0 }], pairOf(alice));
    nextSession(state, (_, name, fields) => events.push(named(name, fields)), 2);
    expect(events).toEqual(['NewSet Serai/1', 'NewSet Bitcoin/1']);
    nextSession(state, (_, name, fields) => events.push(named(name, fields)), 2);
    expect(events).toHaveLength(2);
  });

  it('hand over with the first batch that the new key signs, before which both may sign', () => {
    rotate();
    run(executeBatch(batch(0)));
    state.set('ValidatorSets', 'Keys', [{ network: 'Bitcoin', session: 1 }], pairOf(bob));
    run(executeBatch(batch(1)));
    rotate();
    expect(events.filter((event) => event.startsWith('NewSet Bitcoin'))).toEqual(['NewSet Bitcoin/1']);
    events = [];
    run(executeBatch(batch(2), bob));
    expect(events).toEqual(['AcceptedHandover Bitcoin/1', 'Batch', 'ExtrinsicSuccess']);
    expect(refusal(executeBatch(batch(3)))).toBe('BadProof');
    expect(refusal(reportSlashes(0, bob))).toBe('BadProof');
    expect(refusal(reportSlashes(1))).toBe('BadProof');
    run(reportSlashes(0));
    expect(events.slice(3)).toEqual(['SetRetired Bitcoin/0', 'ExtrinsicSuccess']);
    expect(refusal(reportSlashes(0))).toBe('Stale');
    rotate();
    expect(events.at(-1)).toBe('NewSet Bitcoin/2');
  });

  it('are retired without a report when the next one hands over', () => {
    for (const [session, signer] of [
      [1, bob],
      [2, charlie],
    ] as const) {
      rotate();
      state.set('ValidatorSets', 'Keys', [{ network: 'Bitcoin', session }], pairOf(signer));
      run(executeBatch(batch(session - 1), signer));
    }
    expect(events.filter((event) => /Retired|Handover/.test(event))).toEqual([
      'AcceptedHandover Bitcoin/1',
      'SetRetired Bitcoin/0',
      'AcceptedHandover Bitcoin/2',
    ]);
  });

  it('refuse a batch as the real runtime does', () => {
    expect(refusal(executeBatch(batch(1)))).toBe('Future');
    expect(refusal(executeBatch(batch(0), bob))).toBe('BadProof');
    run(executeBatch(batch(0)));
    expect(refusal(executeBatch(batch(0)))).toBe('Stale');
    // One batch of a network in a block.
    expect(refusal(executeBatch(batch(1)))).toBe('Future');
    height += 1n;
    state.set('System', 'Number', [], height);
    const foreign: Batch = {
      ...batch(1),
      instructions: [{ instruction: { tag: 'Transfer', address: bob.publicKey }, balance: { coin: 'Monero', amount: 1n } }],
    };
    expect(refusal(executeBatch(foreign))).toBe('Custom 2');
    state.set('InInstructions', 'Halted', ['Bitcoin'], null);
    expect(refusal(executeBatch(batch(1)))).toBe('Custom 1');
  });

  it('refuse keys as the real runtime does', () => {
    expect(refusal(setKeys())).toBe('Stale');
    state.delete('ValidatorSets', 'Keys', { network: 'Bitcoin', session: 0 });
    expect(refusal(setKeys())).toBe('BadProof');
    expect(refusal(setKeys(alice.publicKey, alice.publicKey))).toBe('Custom 2');
    expect(refusal(setKeys(alice.publicKey, bob.publicKey))).toBe('Custom 3');
    state.delete('ValidatorSets', 'CurrentSession', 'Bitcoin');
    expect(refusal(setKeys())).toBe('Custom 1');
  });
});
