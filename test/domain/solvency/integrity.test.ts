import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Order } from '../../../src/domain/control/orders.ts';
import type { ChainMessage } from '../../../src/domain/observation/schemas.ts';
import type { ExternalObservation } from '../../../src/domain/processor/messages.ts';
import type { TopicRecord } from '../../../src/domain/record.ts';
import { bookChainRecord, bookExternalRecord, heedOrder, type IntegrityContext, judged } from '../../../src/domain/solvency/integrity.ts';
import type { Rules } from '../../../src/domain/solvency/judge.ts';
import type { SolvencyVerdict } from '../../../src/domain/solvency/reports.ts';
import { sumOf } from '../../../src/domain/solvency/sum.ts';
import { Draft, type Message } from '../../../src/domain/tables.ts';
import { sourcesOf, topicsOf } from '../../../src/domain/topics.ts';
import { amount, delays, hear, history, play } from '../../support/solvencyHistory.ts';
import { SolvencyWorld } from '../../support/solvencyWorld.ts';

const topics = topicsOf('alice');
const { observation, processor } = sourcesOf('alice');
const RULES: Rules = { tolerance: 500n, breaches: 3, clears: 4, acknowledge: false };
const contextOf = (rules = RULES): IntegrityContext => ({
  networks: ['Bitcoin', 'Ethereum'],
  topics,
  processor,
  rulesOf: () => rules,
  staleBlocks: 5,
});

const recordOf = (source: string, { type }: { readonly type: string }): TopicRecord => ({
  attributes: {
    ...{ id: 'a', source, type, time: new Date(0).toISOString(), datacontenttype: 'application/json' },
    ...{ sequence: 1n, previoushash: '0x', epoch: 1 },
  },
  data: new Uint8Array(),
});

/** The integrity module as it decides, without its store. */
class Decider {
  readonly draft = new Draft({ get: () => undefined, rows: () => [] });
  readonly context: IntegrityContext;

  constructor(rules = RULES) {
    this.context = contextOf(rules);
  }

  chain(message: ChainMessage): void {
    bookChainRecord(this.context)(recordOf(observation, message), message.data)(this.draft);
  }

  serai(message: ExternalObservation, by = processor(message.data.network)): void {
    bookExternalRecord(this.context)(recordOf(by, message), message.data)(this.draft);
  }

  order(order: Order): void {
    heedOrder(this.draft, this.context, order);
  }

  get said(): readonly Message[] {
    return this.draft.decision().messages;
  }

  get orders(): readonly string[] {
    return this.said.filter(({ topic }) => topic === topics.control).map(({ type }) => type.split('.')[2] ?? '');
  }

  get verdicts(): readonly SolvencyVerdict[] {
    return this.said.filter(({ type }) => type === 'serai.report.solvency.v1').map(({ data }) => data as unknown as SolvencyVerdict);
  }
}

const hash = (byte: number): `0x${string}` => `0x${byte.toString(16).padStart(2, '0').repeat(32)}`;
const block = (number: number): ChainMessage => ({
  type: 'serai.chain.block.v1',
  data: { number, hash: hash(number), parentHash: hash(0), stateRoot: hash(0), extrinsicsRoot: hash(0), time: 6_000 * number },
});
const supply = (number: number, coin: 'Bitcoin' | 'Ether' | 'Dai', booked: bigint): ChainMessage => ({
  type: 'serai.coins.supply.v1',
  data: { block: { number, hash: hash(number) }, coin, amount: booked.toString() },
});
const balances = (network: 'Bitcoin' | 'Ethereum', height: number, held: Readonly<Record<string, bigint>>): ExternalObservation => ({
  type: 'serai.external.balances.v1',
  data: {
    ...{ network, block: hash(height), height },
    vaults: Object.entries(held).map(([coin, one]) => ({ session: 0, coin: coin as 'Ether', amount: one.toString() })),
  },
});

describe('what the integrity module decides', () => {
  it('is never against an honest vault, whatever happened, and however late either chain is heard of', () => {
    fc.assert(
      fc.property(history, delays, (all, turns) => {
        const world = new SolvencyWorld();
        play(world, all);
        const module = new Decider({ ...RULES, tolerance: 0n, breaches: 1 });
        for (const { chain, serai } of hear(world.chain, world.serai, turns)) {
          if (chain !== undefined) module.chain(chain);
          if (serai !== undefined) module.serai(serai);
        }
        expect(module.verdicts.every(({ state, difference }) => state === 'solvent' && difference === '0')).toBe(true);
        expect(module.said.every(({ type }) => type === 'serai.report.solvency.v1' || type === 'serai.report.solvency-stale.v1')).toBe(
          true,
        );
      }),
    );
  });

  it('is a halt within so many checks, of whatever was stolen above the tolerance, at once or in parts', () => {
    const parts = fc.array(fc.bigInt({ min: 1n, max: 400n }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        history,
        fc.array(fc.tuple(fc.oneof(amount, ...[400n, 200n].map(fc.constant)), history), { minLength: 1, maxLength: 4 }),
        parts,
        delays,
        (before, thefts, last, turns) => {
          const world = new SolvencyWorld();
          play(world, before);
          world.payIn(100_000n);
          world.externalBlock(0);
          for (const [stolen, after] of thefts) {
            world.externalBlock(0, stolen);
            play(world, after);
          }
          for (const part of last) world.externalBlock(0, part);
          world.payIn(1_000n);
          world.externalBlock(0);
          if (world.stolen <= RULES.tolerance) world.externalBlock(0, RULES.tolerance + 1n - world.stolen);
          // Everything that is under way arrives, and both chains go on.
          world.seraiBlock(100);
          world.externalBlock(100, 1n);
          const known = world.chain.length;
          for (let more = 0; more < RULES.breaches; more += 1) world.seraiBlock(0);
          const goesOn = world.chain.slice(known).map((chain) => ({ chain, serai: undefined }));
          const module = new Decider();
          let checks = 0;
          for (const { chain, serai } of [...hear(world.chain.slice(0, known), world.serai, turns), ...goesOn]) {
            if (chain !== undefined) module.chain(chain);
            if (serai !== undefined) module.serai(serai);
            const isCheck = chain?.type === 'serai.chain.block.v1' || serai?.type === 'serai.external.balances.v1';
            const sum = sumOf(module.draft, 'Bitcoin', 'Bitcoin');
            if (!isCheck || 'waitsFor' in sum) continue;
            // As long as it lacks more than is tolerated, no more checks than that pass before the halt.
            checks = BigInt(sum.difference) < -RULES.tolerance ? checks + 1 : 0;
            expect(checks < RULES.breaches || module.orders.includes('halted')).toBe(true);
          }
          expect(judged.get(module.draft, 'Bitcoin')?.state).toBe('halted');
          expect(module.orders).toEqual(['halted']);
        },
      ),
    );
  });

  it('halts a network once for two coins, under ids of their own, and clears it when both are there', () => {
    const module = new Decider({ ...RULES, tolerance: 0n, breaches: 1, clears: 1 });
    module.chain(supply(1, 'Ether', 10n));
    module.chain(supply(1, 'Dai', 10n));
    module.chain(block(1));
    module.serai(balances('Ethereum', 1, { Ether: 0n, Dai: 0n }));
    module.serai(balances('Ethereum', 2, { Ether: 10n, Dai: 0n }));
    expect(module.orders).toEqual(['halted', 'halted']);
    module.serai(balances('Ethereum', 3, { Ether: 10n, Dai: 10n }));
    expect(module.orders).toEqual(['halted', 'halted', 'cleared']);
    // Again, while Serai stands at the same block.
    module.serai(balances('Ethereum', 4, { Ether: 10n, Dai: 9n }));
    expect(module.orders).toEqual(['halted', 'halted', 'cleared', 'halted']);
    const ids = module.said.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('tells of a network that is booked on Serai and whose balances nobody tells, and of none that is not used', () => {
    const module = new Decider();
    module.chain(supply(1, 'Bitcoin', 10n));
    for (let number = 1; number < 10; number += 1) module.chain(block(number));
    expect(module.said.map(({ type, data }) => [type, data])).toEqual([
      ['serai.report.solvency-stale.v1', { network: 'Bitcoin', since: 1, block: 6, waitsFor: 'the first balances' }],
    ]);
  });

  it("publishes the verdict that the operator's word makes, and ends the halt", () => {
    const module = new Decider({ ...RULES, tolerance: 0n, breaches: 1, acknowledge: true });
    module.chain(supply(1, 'Bitcoin', 10n));
    module.chain(block(1));
    module.serai(balances('Bitcoin', 1, { Bitcoin: 0n }));
    module.order({ type: 'serai.control.acknowledged.v1', data: { network: 'Bitcoin', reason: 'paid back', atOnce: false } });
    expect(module.orders).toEqual(['halted']);
    module.order({ type: 'serai.control.acknowledged.v1', data: { network: 'Bitcoin', reason: 'paid back', atOnce: true } });
    expect(module.orders).toEqual(['halted', 'cleared']);
    expect(module.verdicts.map(({ state }) => state)).toEqual(['halted', 'solvent']);
  });

  it('has evidence of a burn that is paid twice', () => {
    const world = new SolvencyWorld();
    world.payIn(10n);
    world.externalBlock(0);
    world.seraiBlock(1);
    world.burn(4n);
    world.seraiBlock(0);
    world.externalBlock(1);
    const module = new Decider();
    for (const message of world.chain) module.chain(message);
    for (const message of world.serai) module.serai(message);
    const paid = world.serai.find(({ type }) => type === 'serai.external.output.v1');
    if (paid?.type !== 'serai.external.output.v1') throw new Error('nothing was paid');
    module.serai({ ...paid, data: { ...paid.data, plan: hash(9) } });
    const [evidence] = module.said.filter(({ type }) => type === 'serai.report.evidence.v1');
    expect(evidence?.data).toEqual({
      code: 'solvency.unknown-burn',
      evidence: { network: 'Bitcoin', block: 2, index: 0, plan: hash(9) },
    });
  });

  it('refuses what the processor of another network says', () => {
    const module = new Decider();
    const told = balances('Bitcoin', 1, { Bitcoin: 0n });
    expect(() => {
      module.serai(told, processor('Monero'));
    }).toThrow(expect.objectContaining({ code: 'processor.foreign-network' }) as Error);
  });
});
