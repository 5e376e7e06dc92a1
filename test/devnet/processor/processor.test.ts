import { sr25519Verify } from '@polkadot/util-crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/domain/crypto/digest.ts';
import { fromHex, type Hex, toHex } from '../../../src/domain/hex.ts';
import type { SignId } from '../../../src/domain/processor/ids.ts';
import type { Command } from '../../../src/domain/processor/messages.ts';
import { batchMessage } from '../../../src/domain/serai/messages.ts';
import { batch } from '../../../src/domain/serai/types.ts';
import { digestOfMessage, FourProcessors, keyGenId, only, set } from './fourProcessors.ts';

const pay = (four: FourProcessors, name: string, amount = 5n): Promise<void> =>
  four.chain.deposit({ amount, instruction: { tag: 'Transfer', address: new Uint8Array(32).fill(3) } }, name);

const planAttempt = (plan: { id: Hex; message: Hex }, attempt = 0): { id: SignId; digest: Hex } => ({
  id: { set, kind: 'plan', id: plan.id, attempt },
  digest: digestOfMessage(plan.message),
});

describe('key generation', () => {
  it.each([1, 2, 4])('gives %i processors one key', async (count) => {
    const four = await FourProcessors.open(count);
    await four.makeKey();
    expect(four.groupKey).toHaveLength(66);
  });

  it('answers every command of a restarted processor with the same bytes', async () => {
    const four = await FourProcessors.open();
    await four.makeKey(async (at, command, replies) => {
      expect(await four.ask(at, command)).toEqual(replies);
      await four.restart(at);
      expect(await four.ask(at, command)).toEqual(replies);
    });
  });

  it('begins only with a party that enough members signed', async () => {
    const four = await FourProcessors.open();
    const refused = async (change: Parameters<FourProcessors['generate']>[1]): Promise<string> =>
      only(await four.ask(0, four.generate(0, change)), 'serai.key-gen.blame.v1').reason;
    expect(await refused(four.certificate([0, 1]))).toContain('too few');
    expect(await refused({ ...four.certificate(), anchor: { number: 2, hash: toHex(new Uint8Array(32)) } })).toContain('too few');
    expect(await refused({ ...four.certificate(), threshold: 2 })).toContain('threshold');
    expect(await refused({ ...four.certificate(), members: four.certificate().members.slice(1) })).toContain('1 to n');
    only(await four.ask(0, four.generate(0)), 'serai.key-gen.commitments.v1');
    const other = four.generate(0, four.certificate([1, 2, 3]));
    only(await four.ask(0, other), 'serai.key-gen.commitments.v1');
    await expect(four.ask(1, { type: 'serai.key-gen.shares.v1', data: { id: keyGenId, shares: {} } })).rejects.toMatchObject({
      code: 'processor.out-of-order',
    });
  });

  it('blames who sent bad commitments, other ones, or a bad share', async () => {
    const four = await FourProcessors.open(2);
    const [a, b] = [
      only(await four.ask(0, four.generate(0)), 'serai.key-gen.commitments.v1'),
      only(await four.ask(1, four.generate(1)), 'serai.key-gen.commitments.v1'),
    ];
    const given = (second: Hex): Parameters<FourProcessors['ask']>[1] => ({
      type: 'serai.key-gen.commitments.v1',
      data: { id: keyGenId, commitments: { 1: a.commitments, 2: second } },
    });
    const broken: Hex = `0x${b.commitments.slice(2, -2)}${b.commitments.endsWith('00') ? '01' : '00'}`;
    expect(only(await four.ask(0, given(broken)), 'serai.key-gen.blame.v1').participant).toBe(2);
    expect(only(await four.ask(0, given('0x1234')), 'serai.key-gen.blame.v1').participant).toBe(2);
    only(await four.ask(0, given(b.commitments)), 'serai.key-gen.shares.v1');
    expect(only(await four.ask(0, given(broken)), 'serai.key-gen.blame.v1').participant).toBe(2);
    const { shares } = only(await four.ask(1, given(b.commitments)), 'serai.key-gen.shares.v1');
    const share = shares[1] ?? '0x';
    const wrong: Hex = `0x${share.slice(2, -2)}${share.endsWith('00') ? '01' : '00'}`;
    const sharesCommand = (bytes: Hex): Parameters<FourProcessors['ask']>[1] => ({
      type: 'serai.key-gen.shares.v1',
      data: { id: keyGenId, shares: { 2: bytes } },
    });
    const blamed = await four.ask(0, sharesCommand(wrong));
    expect(only(blamed, 'serai.key-gen.blame.v1').participant).toBe(2);
    // Its secret is told: it makes no key of this attempt any more.
    await four.restart(0);
    expect(await four.ask(0, sharesCommand(share))).toEqual(blamed);
  });

  it('raises an alarm over a confirmed key it has no share of', async () => {
    const four = await FourProcessors.open(2);
    await four.makeKey();
    four.groupKey = toHex(new Uint8Array(32).fill(8));
    await expect(four.ask(0, four.confirm())).rejects.toMatchObject({ code: 'processor.foreign-key' });
  });
});

describe('signing', () => {
  let four: FourProcessors;

  beforeEach(async () => {
    four = await FourProcessors.open();
    await four.makeKey();
  });

  it('signs a batch that the external chain brought', async () => {
    await pay(four, 'first');
    const [observation] = await four.observe(await four.blockAt(1));
    if (observation?.type !== 'serai.external.batch.v1') throw new Error('no batch');
    const message = batchMessage(batch.decode(fromHex(observation.data.batch)));
    const [id, digest]: [SignId, Hex] = [{ set, kind: 'batch', id: '0', attempt: 0 }, digestOfMessage(toHex(message))];
    const party = [0, 2, 3];
    const preprocesses = await four.preprocess(id, digest, party);
    const shares = await four.share(id, digest, party, preprocesses);
    for (const at of party) {
      const { signature } = only(
        await four.ask(at, { type: 'serai.sign.shares.v1', data: { id, digest, shares } }),
        'serai.sign.completed.v1',
      );
      expect(sr25519Verify(message, fromHex(signature), fromHex(four.groupKey))).toBe(true);
    }
  });

  it('pays a plan once, whoever completes it', async () => {
    const plan = await four.plan();
    const { id, digest } = planAttempt(plan);
    const party = [1, 2, 3];
    const shares = await four.share(id, digest, party, await four.preprocess(id, digest, party));
    const { signature } = only(
      await four.ask(1, { type: 'serai.sign.shares.v1', data: { id, digest, shares } }),
      'serai.sign.completed.v1',
    );
    expect(await four.ask(0, { type: 'serai.sign.completed.v1', data: { id, digest, signature } })).toEqual([]);
    await four.ask(2, { type: 'serai.sign.shares.v1', data: { id, digest, shares } });
    expect(four.chain.height).toBe(1);
    const block = await four.blockAt(1);
    expect(block.transactions).toMatchObject([{ plan: plan.id, signature }]);
    expect(await four.observe(block)).toMatchObject([
      {
        type: 'serai.external.output.v1',
        data: {
          plan: plan.id,
          outputHash: block.transactions[0]?.outputHash,
          payments: [{ block: 9, index: 0, fee: '100' }],
          vaultFee: '0',
        },
      },
      { type: 'serai.external.balances.v1', data: { height: 1, vaults: [{ session: 0, coin: 'Bitcoin', amount: '0' }] } },
    ]);
  });

  it('gives the same bytes or abstains after a restart at every step', async () => {
    const plan = await four.plan();
    const { id, digest } = planAttempt(plan);
    const party = [0, 1, 2];
    const attempt: Command = { type: 'serai.sign.attempt.v1', data: { id, digest, party: [1, 2, 3] } };
    const first = await four.preprocess(id, digest, party);
    expect(await four.preprocess(id, digest, party)).toEqual(first);
    const given = { type: 'serai.sign.preprocesses.v1', data: { id, digest, preprocesses: first } } as const;

    // With its nonces gone, nothing more comes of this attempt at processor 0.
    await four.restart(0);
    only(await four.ask(0, attempt), 'serai.sign.abstain.v1');
    only(await four.ask(0, given), 'serai.sign.abstain.v1');

    // Processor 1 has made its share: that one, and no other, comes again.
    const share = await four.ask(1, given);
    expect(only(share, 'serai.sign.shares.v1').map).toBe(digestOf(first));
    await four.restart(1);
    expect(await four.ask(1, given)).toEqual(share);
    expect(only(await four.ask(1, attempt), 'serai.sign.preprocesses.v1').preprocesses).toEqual({ 2: first[2] });
    const other = { ...given, data: { ...given.data, preprocesses: { ...first, 3: first[1] ?? '0x' } } };
    only(await four.ask(1, other), 'serai.sign.abstain.v1');

    // The next attempt is free of all this.
    const next = planAttempt(plan, 128);
    const shares = await four.share(next.id, digest, party, await four.preprocess(next.id, digest, party));
    const ask = { type: 'serai.sign.shares.v1', data: { id: next.id, digest, shares } } as const;
    await four.restart(2);
    const completed = await four.ask(2, ask);
    only(completed, 'serai.sign.completed.v1');
    await four.restart(2);
    expect(await four.ask(2, ask)).toEqual(completed);
  });

  it('refuses another map once it has signed', async () => {
    const plan = await four.plan();
    const { id, digest } = planAttempt(plan);
    const party = [0, 1, 2];
    const map = await four.preprocess(id, digest, party);
    await four.share(id, digest, [0], map);
    const other = await four.preprocess({ ...id, attempt: 128 }, digest, [1, 2, 3]);
    const mixed = { ...map, 2: other[2] ?? '0x' };
    only(await four.ask(0, { type: 'serai.sign.preprocesses.v1', data: { id, digest, preprocesses: mixed } }), 'serai.sign.abstain.v1');
    expect(await four.share(id, digest, [0], map)).toEqual(await four.share(id, digest, [0], map));
  });

  it('refuses another digest, an unknown message, a wrong party', async () => {
    const plan = await four.plan();
    const { id, digest } = planAttempt(plan);
    const reason = async (data: { id: SignId; digest: Hex; party: number[] }): Promise<string> =>
      only(await four.ask(0, { type: 'serai.sign.attempt.v1', data }), 'serai.sign.abstain.v1').reason;
    expect(await reason({ id, digest: toHex(new Uint8Array(32)), party: [1, 2, 3] })).toContain('another one');
    expect(await reason({ id: { ...id, kind: 'batch', id: '7' }, digest, party: [1, 2, 3] })).toContain('not known');
    expect(await reason({ id: { ...id, set: { ...set, session: 1 } }, digest, party: [1, 2, 3] })).toContain('no confirmed key');
    expect(await reason({ id, digest, party: [1, 2] })).toContain('threshold');
    expect(await reason({ id, digest, party: [1, 2, 2] })).toContain('threshold');
    expect(await reason({ id, digest, party: [2, 3, 4] })).toContain('not of the party');
    only(await four.ask(0, { type: 'serai.sign.attempt.v1', data: { id, digest, party: [1, 2, 3] } }), 'serai.sign.preprocesses.v1');
    expect(await reason({ id, digest, party: [1, 2, 4] })).toContain('otherwise');
  });

  it('names a wrong share and still completes with the right ones', async () => {
    const plan = await four.plan();
    const { id, digest } = planAttempt(plan);
    const party = [0, 1, 2];
    const shares = await four.share(id, digest, party, await four.preprocess(id, digest, party));
    const wrong = { ...shares, 3: shares[2] ?? '0x' };
    const given = await four.ask(0, { type: 'serai.sign.shares.v1', data: { id, digest, shares: wrong } });
    expect(only(given, 'serai.sign.invalid-share.v1')).toEqual({ id, participant: 3 });
    only(await four.ask(0, { type: 'serai.sign.shares.v1', data: { id, digest, shares } }), 'serai.sign.completed.v1');
  });

  it('signs under any map of a convened attempt, once, and with its own preprocess in it', async () => {
    const plan = await four.plan();
    const { id: pure, digest } = planAttempt(plan);
    const id = { ...pure, attempt: 64 };
    const all: Record<string, Hex> = {};
    for (const at of [0, 1, 2, 3])
      Object.assign(
        all,
        only(await four.ask(at, { type: 'serai.sign.attempt.v1', data: { id, digest } }), 'serai.sign.preprocesses.v1').preprocesses,
      );
    const mapOf = (...party: readonly number[]) => Object.fromEntries(party.map((share) => [String(share), all[String(share)] ?? '0x']));
    const give = (preprocesses: Record<string, Hex>) =>
      four.ask(0, { type: 'serai.sign.preprocesses.v1', data: { id, digest, preprocesses } });
    expect(only(await give(mapOf(1, 2)), 'serai.sign.abstain.v1').reason).toContain('not of the party');
    expect(only(await give({ ...mapOf(1, 2, 4), 1: all['2'] ?? '0x' }), 'serai.sign.abstain.v1').reason).toContain('is not ours');
    only(await give(mapOf(2, 3, 4)), 'serai.sign.abstain.v1');
    const { shares } = only(await give(mapOf(1, 2, 4)), 'serai.sign.shares.v1');
    expect(only(await give(mapOf(1, 2, 4)), 'serai.sign.shares.v1').shares).toEqual(shares);
    expect(only(await give(mapOf(1, 2, 3)), 'serai.sign.abstain.v1').reason).toContain('another map');
  });

  it('believes no completion that does not verify', async () => {
    const plan = await four.plan();
    const { id, digest } = planAttempt(plan);
    const signature = toHex(new Uint8Array(64).fill(1));
    only(await four.ask(3, { type: 'serai.sign.completed.v1', data: { id, digest, signature } }), 'serai.sign.abstain.v1');
    expect(four.chain.height).toBe(0);
  });

  it('stops at commands for another network', async () => {
    const id: SignId = { set: { network: 'Monero', session: 0 }, kind: 'batch', id: '0', attempt: 0 };
    const command: Command = { type: 'serai.sign.attempt.v1', data: { id, digest: toHex(new Uint8Array(32)), party: [1] } };
    await expect(four.ask(0, command)).rejects.toMatchObject({ code: 'processor.foreign-network' });
  });
});

describe('observing', () => {
  it('holds deposits until the key is confirmed, then numbers batches from 0', async () => {
    const four = await FourProcessors.open();
    await pay(four, 'early');
    expect(four.chain.height).toBe(0);
    await four.makeKey();
    await pay(four, 'late');
    await pay(four, 'late');
    const batches = [await four.observe(await four.blockAt(1)), await four.observe(await four.blockAt(2))];
    expect(batches.flat()).toMatchObject([
      { data: { session: 0, id: 0, instructions: 1 } },
      { data: { height: 1, vaults: [{ amount: '5' }] } },
      { data: { session: 0, id: 1, instructions: 1 } },
      { data: { height: 2, vaults: [{ amount: '10' }] } },
    ]);
    expect(four.chain.height).toBe(2);
    await four.restart(0);
    expect(four.processors[0]?.cursor).toBe(2);
    expect([await four.observe(await four.blockAt(1)), await four.observe(await four.blockAt(2))]).toEqual(batches);
  });

  it('takes blocks in order only', async () => {
    const four = await FourProcessors.open(1);
    await four.makeKey();
    await four.chain.tick();
    await four.chain.tick();
    const [processor] = four.processors;
    await expect(processor?.observe(await four.blockAt(2))).rejects.toMatchObject({ code: 'processor.block-gap' });
    await four.observe(await four.blockAt(1));
    const other = { ...(await four.blockAt(1)), hash: toHex(new Uint8Array(32)) };
    await expect(processor?.observe(other)).rejects.toMatchObject({ code: 'processor.block-conflict' });
  });

  it('waits with a deposit for its own confirmation, and lets go when closing', async () => {
    const four = await FourProcessors.open(2);
    await four.chain.openVault('Bitcoin/0', four.certificate().members[0]?.validator ?? '0x');
    await pay(four, 'early');
    const stop = new AbortController();
    const waiting = four.processors[0]?.observe(await four.blockAt(1), stop.signal);
    stop.abort();
    await expect(waiting).rejects.toThrow('closing');
  });
});
