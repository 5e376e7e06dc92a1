import { describe, expect, it } from 'vitest';
import { attempts, blocks, head, sets, signables } from '../../../src/domain/crypto/rows.ts';
import { blockKey } from '../../../src/domain/crypto/signing.ts';
import { signingStatus } from '../../../src/domain/crypto/signingStatus.ts';
import { obeyOrder } from '../../../src/domain/crypto/stops.ts';
import { type AttemptStatus, SHOWN, signingStatus as schema } from '../../../src/domain/health/status.ts';
import type { Hex } from '../../../src/domain/hex.ts';
import { attemptStream } from '../../../src/domain/party/attemptStream.ts';
import { drawParty } from '../../../src/domain/party/drawParty.ts';
import { signIdName } from '../../../src/domain/processor/ids.ts';
import { Draft } from '../../../src/domain/tables.ts';
import { SigningNetwork } from '../../support/signingNetwork.ts';

const hash = (number: number): Hex => `0x${number.toString(16).padStart(64, '0')}`;
const SET = { network: 'Bitcoin', session: 0 } as const;

const fromBytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.slice(2), 'hex'));

describe('what is told of signing', () => {
  it('is the party that was begun, its reasons, and whose words are missing, at every moment of a run with a member that is away', () => {
    const network = new SigningNetwork({ seed: 5, weights: [1, 1, 1, 1], faults: { 3: 'away' }, skew: 1 });
    for (const id of ['0', '1', '2', '3']) network.sign(id);
    const away = network.members[3]?.key;
    const seen = new Set<AttemptStatus['state']>();
    let waitedForAway = 0;
    const look = (): void => {
      for (const member of network.honest) {
        const told = signingStatus(member.rows, member.context);
        schema.parse(told);
        for (const one of told.attempts) {
          seen.add(one.state);
          const { kind, id, attempt } = one;
          const begun = attempts.get(member.rows, signIdName({ set: SET, kind, id, attempt }))?.begun;
          expect(one.state === 'held' || one.state === 'out' || begun !== undefined).toBe(true);
          if (begun?.party !== undefined) expect(one.party).toEqual([...begun.party].sort((a, b) => a - b));
          if (one.rule === 'pure' && one.seed !== null)
            expect(one.party).toEqual(
              drawParty({
                ...{ blockHash: fromBytes(one.seed.hash), participants: 4, threshold: 3 },
                stream: attemptStream({ set: SET, kind, id, attempt }),
              }).sort((a, b) => a - b),
            );
          for (const { shares, signs, why } of one.members) {
            expect(signs).toEqual(shares.filter((share) => one.party?.includes(share)));
            if (one.rule === 'pure') expect(why).toBe(signs.length > 0 ? 'drawn among the first 3' : 'drawn after the party of 3 was full');
          }
          if (away !== undefined && one.waitsFor.includes(away)) waitedForAway += 1;
        }
      }
    };
    network.until(() => {
      look();
      return ['0', '1', '2', '3'].every((id) => network.signedBy(id) === 3);
    }, 200);
    expect(waitedForAway).toBeGreaterThan(0);
    expect([...seen]).toEqual(expect.arrayContaining(['out', 'convening', 'preprocesses', 'shares', 'completing']));
    expect(
      signingStatus(network.members[0]?.rows ?? new Draft({ get: () => undefined, rows: () => [] }), {
        networks: ['Bitcoin'],
        isLive: () => true,
      }).open,
    ).toBe(0);
  });

  it('says why nothing is begun while a network is stopped', () => {
    const network = new SigningNetwork({ seed: 1, weights: [1, 1, 1, 1] });
    network.order({ type: 'serai.control.halted.v1', data: { network: 'Bitcoin', code: 'solvency.breach', reason: 'short' } });
    network.sign('0');
    network.until(() => network.height > 5, 10);
    const member = network.members[0];
    if (member === undefined) throw new Error('there is no member');
    const told = signingStatus(member.rows, member.context);
    expect(told.attempts).toMatchObject([{ state: 'held', why: 'Bitcoin is stopped, solvency.breach: short', waitsFor: [] }]);
    expect(told.stops).toEqual([{ scope: 'Bitcoin', code: 'solvency.breach', reason: 'short' }]);
    expect(told.networks).toMatchObject([{ network: 'Bitcoin', stopped: true }]);
  });

  it('is bounded, whatever is in flight', () => {
    const draft = new Draft({ get: () => undefined, rows: () => [] });
    const members = Array.from({ length: 150 }, (_, at) => ({ validator: hash(at), participants: [at + 1] }));
    const block = { number: 100, hash: hash(100) };
    head.put(draft, '', { ...block, time: new Date(0).toISOString() });
    blocks.put(draft, blockKey(100), block);
    for (let session = 0; session < 200; session += 1) {
      const set = { network: 'Bitcoin', session } as const;
      const keys = { substrate: hash(1), network: hash(2), block };
      sets.put(draft, `Bitcoin/${String(session)}`, { set, anchor: block, members, n: 150, t: 101, mine: [1], state: 'active', keys });
    }
    for (let id = 0; id < 500; id += 1) {
      const row = { set: SET, kind: 'batch', id: String(id), digest: hash(id), message: hash(id), anchor: block, state: 'open' } as const;
      signables.put(draft, `Bitcoin/0/batch/${String(id)}`, row);
    }
    for (let code = 0; code < 500; code += 1)
      obeyOrder(draft, {
        type: 'serai.control.halted.v1',
        data: { network: 'Bitcoin', code: String(code), reason: 'x'.repeat(1_000) },
      });
    const told = signingStatus(draft, { networks: ['Bitcoin'], isLive: () => true });
    schema.parse(told);
    expect([told.open, told.attempts.length, told.sets.length, told.stops.length]).toEqual([500, SHOWN.attempts, SHOWN.sets, SHOWN.stops]);
    expect(told.sets[0]).toMatchObject({ session: 199, weights: { [hash(0)]: 1, [hash(149)]: 1 } });
    expect(JSON.stringify(told).length).toBeLessThan(1_000_000);
  });
});
