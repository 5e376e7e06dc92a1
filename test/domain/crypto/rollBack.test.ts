import { describe, expect, it } from 'vitest';
import type { Report } from '../../../src/domain/crypto/reports.ts';
import { isQuarantined } from '../../../src/domain/crypto/standing.ts';
import { seedHeight } from '../../../src/domain/party/window.ts';
import { type Copy, type Member, SigningNetwork } from '../../support/signingNetwork.ts';

const SEEDS = Array.from({ length: 12 }, (_, index) => Number(process.env['SEED'] ?? 1) + index);

type Resumed = Extract<Report, { type: 'serai.report.resumed.v1' }>['data'];

const others = (network: SigningNetwork, member: Member): readonly Member[] => network.members.filter((other) => other !== member);

const hasBegun = (network: SigningNetwork, { key }: Member, id: string): boolean =>
  network.reported('serai.report.attempt.v1').some((report) => report.by === key && report.id.includes(`/batch/${id}/`));

const signedBy = (network: SigningNetwork, members: readonly Member[], id: string): number =>
  network
    .reported('serai.report.signed.v1')
    .filter((report) => report.id.endsWith(`/batch/${id}`) && members.some(({ key }) => key === report.by)).length;

const resumed = (network: SigningNetwork, member: Member): Resumed | undefined =>
  network.reported('serai.report.resumed.v1').find(({ by }) => by === member.key)?.data as unknown as Resumed | undefined;

/** Nobody ever said two different things of one kind for one attempt, whatever life it was in. */
const neverTwice = (network: SigningNetwork): void => {
  const first = new Map<string, string>();
  for (const { from, kind, attempt, digest } of network.said) {
    const name = `${from}/${kind}/${attempt}`;
    expect({ name, digest }).toEqual({ name, digest: first.get(name) ?? digest });
    first.set(name, digest);
  }
};

/** A member whose copy was made while it was in the middle of an attempt, and how far its life had gone on by then. */
const inTheMiddle = (seed: number, further: number): { network: SigningNetwork; member: Member; copy: Copy } => {
  const network = new SigningNetwork({ seed, weights: [1, 1, 1, 1], epochs: true, skew: 1 });
  network.sign('0');
  const begun = (): Member | undefined => network.members.find((one) => hasBegun(network, one, '0'));
  network.until(() => begun() !== undefined, 100);
  const member = begun();
  if (member === undefined) throw new Error('nobody has begun');
  const copy = network.copyOf(member);
  const until = network.handled + further;
  network.until(() => network.handled >= until, 200);
  return { network, member, copy };
};

describe.each(['store', 'machine'] as const)('a %s that was rolled back in the middle of an attempt', (what) => {
  it.each(SEEDS)('never signs for it again, and the others finish without it (SEED=%i)', (seed) => {
    const { network, member, copy } = inTheMiddle(seed, (seed * 7) % 60);
    const isLost = member.sent > copy.sent;
    const saidBefore = network.said.length;
    const attemptsBefore = new Set(network.said.filter(({ from }) => from === member.key).map(({ attempt }) => attempt));
    network.restore(member, copy, what);
    network.until(() => signedBy(network, others(network, member), '0') === 3, 400);
    const target = network.height + 20;
    network.until(() => network.height >= target, target + 5);
    const since = network.said.slice(saidBefore).filter(({ from, kind }) => from === member.key && kind !== 'sign.completed');
    // Nothing more left it that the attempt is made of; where something of its life was lost, it says nothing at all.
    for (const { attempt } of since) expect(attemptsBefore).not.toContain(attempt);
    expect(isQuarantined(member.rows)).toBe(isLost);
    if (isLost) expect(since).toEqual([]);
    neverTwice(network);
  });

  it.each(SEEDS)('goes on once it is told to, with nothing at or below the burnt height (SEED=%i)', (seed) => {
    const { network, member, copy } = inTheMiddle(seed, 60 + ((seed * 5) % 40));
    network.restore(member, copy, what);
    network.until(() => isQuarantined(member.rows), 400);
    network.sign('1');
    for (let order = 0; resumed(network, member) === undefined; order += 1) {
      const target = network.height + 1;
      network.until(() => network.height >= target, target + 5);
      network.resume(member, `order/${String(order)}`);
    }
    const saidBefore = network.said.length;
    const { upTo } = resumed(network, member) ?? { upTo: -1 };
    const anchors = [0, 0];
    const startOf = (attempt: string): number => {
      const [id = 0, number = 0] = attempt.split('/').slice(-2).map(Number);
      return seedHeight(anchors[id] ?? 0, number);
    };
    const wordsOf = (from: number): string[] =>
      network.said.slice(from).flatMap((word) => (word.from === member.key && word.kind !== 'sign.completed' ? [word.attempt] : []));
    for (const attempt of wordsOf(0)) expect(startOf(attempt)).toBeLessThanOrEqual(upTo);
    // It is drawn into a party again, sooner or later, and everything gets signed.
    for (let id = 0; id < 2 || wordsOf(saidBefore).length === 0; id += 1) {
      if (id >= anchors.length) {
        anchors.push(network.height);
        network.sign(String(id), network.height);
      }
      network.until(() => signedBy(network, network.members, String(id)) >= 4, network.height + 400);
    }
    for (const attempt of wordsOf(saidBefore)) expect(startOf(attempt)).toBeGreaterThan(upTo);
    neverTwice(network);
  });
});

describe('a start', () => {
  it.each(SEEDS)('that lost nothing is no roll-back, whenever it comes (SEED=%i)', (seed) => {
    const network = new SigningNetwork({ seed, weights: [1, 2, 1, 1], epochs: true, skew: 1, crashes: 0.01 });
    for (let id = 0; id < 4; id += 1) {
      network.sign(String(id));
      for (const member of network.members) {
        const until = network.handled + (seed % 17);
        network.until(() => network.handled >= until, 2_000);
        member.processor.die();
        network.start(member);
      }
    }
    for (let id = 0; id < 4; id += 1) network.until(() => network.signedBy(String(id)) === 4, 4_000);
    expect(network.reported('serai.report.quarantine.v1')).toEqual([]);
    neverTwice(network);
  });

  it('of a copy in the epoch that the original is in is noticed by all who saw that', () => {
    const network = new SigningNetwork({ seed: 3, weights: [1, 1, 1, 1], epochs: true });
    const [member] = network.members;
    if (member === undefined) throw new Error('no members');
    network.until(() => network.height > 2, 10);
    const copy = network.copyOf(member);
    network.start(member);
    network.until(() => network.height > 4, 20);
    network.restore(member, copy, 'machine');
    network.until(() => isQuarantined(member.rows), 60);
    const reasons = network.reported('serai.report.quarantine.v1').map(({ data }) => JSON.stringify(data));
    expect(reasons.join()).toMatch(/another start of ours in epoch 2|has seen epoch/);
    network.until(() => member.epoch > 2, 80);
  });
});

describe('an order to resume', () => {
  it('waits for processors and for f + 1 key shares, and for a chain that is of now; force never skips the burning', () => {
    const network = new SigningNetwork({ seed: 5, weights: [1, 1, 1, 1], epochs: true });
    const [member] = network.members;
    if (member === undefined) throw new Error('no members');
    network.resume(member, 'early');
    network.sign('0');
    network.until(() => hasBegun(network, member, '0') || network.height > 30, 40);
    const copy = network.copyOf(member);
    network.until(() => network.signedBy('0') === 4, 100);
    network.restore(member, copy, 'machine');
    network.resume(member, 'at once');
    const refusals = (): string[] =>
      network.reported('serai.report.not-resumed.v1').flatMap(({ data }) => (data as unknown as { reasons: string[] }).reasons);
    expect(refusals().join()).toContain('not in quarantine');
    network.until(() => isQuarantined(member.rows), 200);
    network.liveFrom = network.height + 1_000;
    network.resume(member, 'behind', true);
    expect(refusals().join()).toContain('our chain is not of now');
    network.liveFrom = 0;
    network.resume(member, 'forced', true);
    expect(resumed(network, member)).toMatchObject({ forced: true });
    expect(resumed(network, member)?.upTo).toBeGreaterThanOrEqual(0);
  });
});
