import { describe, expect, it } from 'vitest';
import { peerBody } from '../../../src/domain/crypto/peerBodies.ts';
import { fromHex, type Hex } from '../../../src/domain/hex.ts';
import { slashesIn } from '../../../src/domain/serai/messages.ts';
import { type Fault, SigningNetwork, type SigningNetworkOptions } from '../../support/signingNetwork.ts';

const SEEDS = process.env['SEED'] === undefined ? [1, 2, 3] : [Number(process.env['SEED'])];

interface Signed {
  readonly id: { readonly kind: string; readonly id: string };
  readonly message: Hex;
}

/** Hands the vault over and waits until every honest member has a signed report; returns the reports by number. */
const report = (options: SigningNetworkOptions, before: (network: SigningNetwork) => void = () => undefined): Map<string, Hex> => {
  const network = new SigningNetwork(options);
  before(network);
  network.handOver();
  const reports = (): (Signed & { by: Hex })[] =>
    network
      .reported('serai.report.signed.v1')
      .map(({ by, data }) => ({ ...(data as unknown as Signed), by }))
      .filter(({ id }) => id.kind === 'slash-report');
  network.until(() => network.honest.every(({ key }) => reports().some(({ by }) => by === key)), 600);
  const found = new Map<string, Hex>();
  for (const { id, message } of reports()) {
    expect(found.get(id.id) ?? message).toBe(message);
    found.set(id.id, message);
  }
  return found;
};

const faults = (...of: readonly Fault[]): Record<number, Fault> => Object.fromEntries(of.map((fault, index) => [index, fault]));

/** The numbers of the slash reports that a kind of report speaks of. */
const numbers = (network: SigningNetwork, type: string): Set<string> =>
  new Set(
    network.reported(type).map(({ data }) => {
      const { id } = data as unknown as { readonly id: string | Signed['id'] };
      return typeof id === 'string' ? id : id.id;
    }),
  );

/** Why things to be signed were dropped. */
const reasons = (network: SigningNetwork): string[] =>
  network.reported('serai.report.dropped.v1').map(({ data }) => (data as { readonly reason: string }).reason);

describe.each(SEEDS)('a slash report, SEED=%i', (seed) => {
  it('is agreed on and signed where everyone is there', () => {
    const found = report({ seed, weights: [1, 1, 1, 1] });
    expect([...found.keys()]).toEqual(['0']);
    expect(slashesIn(fromHex(found.get('0') ?? '0x'))).toEqual([]);
  });

  it.each([
    ['away', faults('away')],
    ['silent', faults('silent')],
    ['invalid', faults('invalid')],
    ['two-faced', faults('two-faced')],
    ['lying', faults('lying')],
    ['two of seven away and lying', faults('away', 'lying')],
  ])('is signed with a member that is %s', (name, of) => {
    const weights = name.startsWith('two of') ? [1, 1, 1, 1, 1, 1, 1] : [1, 1, 1, 1];
    expect(report({ seed, weights, faults: of, late: 0.1, skew: 3 }).size).toBeGreaterThan(0);
  });

  it('is signed by members of unequal weights, over lossy links and with processes that die', () => {
    report({ seed, weights: [3, 1, 2, 4, 1], faults: faults('silent'), late: 0.2, crashes: 0.01, hurry: 0.05, skew: 4 });
  });

  it('has evidence of a member that gives others different points', () => {
    const network = new SigningNetwork({ seed, weights: [1, 1, 1, 1], faults: faults('two-faced') });
    network.handOver();
    const codes = (): string[] => network.reported('serai.report.evidence.v1').map(({ data }) => (data as { readonly code: string }).code);
    network.until(() => codes().includes('slash.conflict'), 600);
    expect(codes()).toContain('slash.conflict');
  });

  it('names who was away when others signed', () => {
    const found = report({ seed, weights: [1, 1, 1, 1], faults: faults('away') }, (network) => {
      for (let id = 0; id < 6; id += 1) network.sign(String(id));
      network.until(() => [0, 1, 2, 3, 4, 5].every((id) => network.signedBy(String(id)) === 3), 600);
    });
    const [validator] = slashesIn(fromHex([...found.values()][0] ?? '0x'))[0] ?? [];
    const away = new SigningNetwork({ seed, weights: [1, 1, 1, 1] }).members[0]?.key;
    expect(validator).toEqual(fromHex(away ?? '0x'));
  });

  it('is followed by no other one once it is signed, though the chain does not take it yet', () => {
    const network = new SigningNetwork({ seed, weights: [1, 1, 1, 1] });
    network.handOver();
    network.until(() => network.height > 200, 260);
    expect(numbers(network, 'serai.report.signed.v1')).toEqual(new Set(['0']));
    expect(numbers(network, 'serai.report.attempt.v1')).toEqual(new Set(['0']));
  });

  it('that is signed takes the place of those that are still open, and that is no alarm', () => {
    const network = new SigningNetwork({ seed, weights: [1, 1, 1, 1], faults: faults('away') });
    // Reports are agreed on and not signed: signing is stopped, as an operator can.
    network.order({ type: 'serai.control.paused.v1', data: { scope: 'signing', reason: 'x' } });
    network.handOver();
    network.until(() => network.height > 170, 240);
    network.order({ type: 'serai.control.resumed.v1', data: { scope: 'signing', reason: 'x' } });
    network.until(() => network.height > 240, 300);
    const [signed] = [...numbers(network, 'serai.report.signed.v1')];
    expect(numbers(network, 'serai.report.dropped.v1').size).toBeGreaterThan(0);
    expect(reasons(network)).toContain(`report ${String(signed)} of its set is signed`);
    const reported = network.reports.length;
    network.until(() => network.height > 320, 400);
    expect(network.reports.slice(reported)).toEqual([]);
  });

  it('is given up when the session after the next one begins: the chain would not take it', () => {
    const network = new SigningNetwork({ seed, weights: [1, 1, 1, 1] });
    network.order({ type: 'serai.control.paused.v1', data: { scope: 'signing', reason: 'x' } });
    network.handOver();
    network.until(() => network.height > 60, 120);
    network.beginSession(2);
    network.until(() => network.height > 70, 120);
    network.order({ type: 'serai.control.resumed.v1', data: { scope: 'signing', reason: 'x' } });
    const reported = network.reports.length;
    network.until(() => network.height > 200, 260);
    expect(new Set(reasons(network))).toEqual(new Set(['session 2 has begun, and the chain takes no report of session 0 any more']));
    expect(network.reports.slice(reported)).toEqual([]);
  });

  it('is dropped with everything else once the set is retired', () => {
    const network = new SigningNetwork({ seed, weights: [1, 1, 1, 1], faults: faults('away', 'away') });
    network.handOver();
    network.until(() => network.height > 30, 60);
    network.sign('9');
    network.retire();
    network.until(() => network.height > 60, 80);
    expect(network.reported('serai.report.signed.v1')).toEqual([]);
    expect(new Set(reasons(network))).toEqual(new Set(['its set is retired']));
  });
});

it('is made of points of no more validators than a set may have', () => {
  const said = (count: number) => ({
    kind: 'slash.points',
    body: {
      set: { network: 'Bitcoin', session: 0 },
      points: Object.fromEntries(Array.from({ length: count }, (_, at) => [`0x${at.toString(16).padStart(64, '0')}`, 1])),
    },
  });
  expect(peerBody.safeParse(said(150)).success).toBe(true);
  expect(peerBody.safeParse(said(151)).success).toBe(false);
});
