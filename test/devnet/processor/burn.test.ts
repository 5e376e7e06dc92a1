import { describe, expect, it } from 'vitest';
import type { Command } from '../../../src/domain/processor/messages.ts';
import { digestOfMessage, FourProcessors, keyGenId, only, set } from './fourProcessors.ts';

const ready = async () => {
  const four = await FourProcessors.open();
  await four.makeKey();
  const plan = await four.plan();
  const digest = digestOfMessage(plan.message);
  const attempt = (number: number, start?: number): Command => ({
    type: 'serai.sign.attempt.v1',
    data: { id: { set, kind: 'plan', id: plan.id, attempt: number }, digest, party: [1, 2, 3], ...(start === undefined ? {} : { start }) },
  });
  return { four, digest, attempt, plan };
};

describe('a burning', () => {
  it('holds for what begins at or below it, for good', async () => {
    const { four, attempt } = await ready();
    expect(await four.ask(0, { type: 'serai.epoch.burn.v1', data: { upTo: 30 } })).toEqual([]);
    await four.ask(0, { type: 'serai.epoch.burn.v1', data: { upTo: 10 } });
    await four.restart(0);
    for (const start of [9, 30])
      expect(only(await four.ask(0, attempt(start, start)), 'serai.sign.abstain.v1').reason).toContain('30 is burnt');
    expect(only(await four.ask(0, attempt(64)), 'serai.sign.abstain.v1').reason).toContain('burnt');
    only(await four.ask(0, attempt(128, 31)), 'serai.sign.preprocesses.v1');
  });

  it('wipes the nonces of what was under way', async () => {
    const { four, digest, attempt, plan } = await ready();
    const id = { set, kind: 'plan', id: plan.id, attempt: 0 } as const;
    const preprocesses = await four.preprocess(id, digest, [0, 1, 2]);
    await four.ask(0, { type: 'serai.epoch.burn.v1', data: { upTo: 30 } });
    const given = await four.ask(0, { type: 'serai.sign.preprocesses.v1', data: { id, digest, preprocesses } });
    only(given, 'serai.sign.abstain.v1');
    only(await four.ask(0, attempt(0, 9)), 'serai.sign.abstain.v1');
  });

  it('ends key generations in progress, and begins none that it is of; generated keys stay', async () => {
    const four = await FourProcessors.open();
    const [begun] = await four.ask(0, four.generate(0));
    expect(begun?.type).toBe('serai.key-gen.commitments.v1');
    await four.ask(0, { type: 'serai.epoch.burn.v1', data: { upTo: 100 } });
    expect(await four.ask(0, { type: 'serai.key-gen.commitments.v1', data: { id: keyGenId, commitments: {} } })).toEqual([]);
    expect(await four.ask(0, four.generate(0))).toEqual([]);

    const made = await ready();
    await made.four.ask(0, { type: 'serai.epoch.burn.v1', data: { upTo: 100 } });
    only(await made.four.ask(0, made.attempt(0, 101)), 'serai.sign.preprocesses.v1');
  });
});

describe('a processor whose own store was rolled back', () => {
  it('signs nothing until it is told what is burnt', async () => {
    const { four, attempt } = await ready();
    await four.processors[0]?.holdUntilBurnt();
    await four.restart(0);
    expect(only(await four.ask(0, attempt(0, 1_000)), 'serai.sign.abstain.v1').reason).toContain('rolled back');
    await four.ask(0, { type: 'serai.epoch.burn.v1', data: { upTo: 999 } });
    only(await four.ask(0, attempt(0, 1_000)), 'serai.sign.preprocesses.v1');
  });
});
