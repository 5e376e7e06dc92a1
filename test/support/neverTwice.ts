import { expect } from 'vitest';
import { digestOf } from '../../src/domain/crypto/digest.ts';
import type { Report } from '../../src/domain/crypto/reports.ts';
import { fromHex, type Hex } from '../../src/domain/hex.ts';
import { drawParty } from '../../src/domain/party/drawParty.ts';
import { windowOf } from '../../src/domain/party/window.ts';
import { signIdName } from '../../src/domain/processor/ids.ts';
import type { KeyGenNetwork } from './keyGenNetwork.ts';
import type { SigningNetwork } from './signingNetwork.ts';

type Reported<T extends Report['type']> = Extract<Report, { type: T }>['data'];

/** What was signed, as members reported it. */
export const signedOf = (network: SigningNetwork): Reported<'serai.report.signed.v1'>[] =>
  network.reported('serai.report.signed.v1').map(({ data }) => data as unknown as Reported<'serai.report.signed.v1'>);

/** What must hold after every run of signing (design §8). That no preprocess serves two maps is checked by the processors themselves. */
export const checkSignedOnce = (network: SigningNetwork): void => {
  const signatures = new Map<string, string>();
  for (const { id, signature, rule, party, blockHash, stream } of signedOf(network)) {
    expect(signatures.get(id.id) ?? signature).toBe(signature);
    signatures.set(id.id, signature);
    expect(rule).toBe(windowOf(id.attempt) % 2 === 0 ? 'pure' : 'convened');
    if (rule === 'pure' && party !== undefined && blockHash !== undefined && stream !== undefined)
      expect(party).toEqual(
        drawParty({ blockHash: fromHex(blockHash), participants: network.n, threshold: network.t, stream: BigInt(stream) }),
      );
    if (party !== undefined) expect(new Set(party).size).toBe(network.t);
  }
  for (const { key } of network.members) {
    const begun = network
      .reported('serai.report.attempt.v1')
      .filter(({ by }) => by === key)
      .map(({ data }) => data as unknown as Reported<'serai.report.attempt.v1'>);
    // An attempt is begun once, and the journal leaves out none.
    expect(new Set(begun.map(({ id }) => signIdName(id))).size).toBe(begun.length);
    expect(begun.map(({ journal }) => journal.number)).toEqual(begun.map((_, place) => place + 1));
    expect(new Set(begun.map(({ journal }) => journal.head)).size).toBe(begun.length);
  }
};

/** What must hold whatever happened in a key generation (design §7): one party, one word of each kind, one secret, nonces that serve once. */
export const checkSaidOnce = (network: KeyGenNetwork): void => {
  const words = new Map<string, string>();
  const once = (name: string, word: unknown): void => {
    expect({ name, word: words.get(name) ?? digestOf(word) }).toEqual({ name, word: digestOf(word) });
    words.set(name, digestOf(word));
  };
  for (const [at, { processor }] of network.members.entries()) {
    expect(new Set(processor.begun).size).toBe(processor.begun.length);
    expect(processor.revealed.filter((attempt) => processor.finished.includes(attempt))).toEqual([]);
    for (const party of network.partiesOf(at)) once(`party/${String(party.id.attempt)}`, party);
  }
  const honest = new Set(network.members.filter(({ fault }) => fault === undefined).map(({ key }) => key));
  for (const { from, to, body: said } of network.said) {
    if (!honest.has(from) || said.kind === 'keygen.relay' || !('id' in said.body) || 'kind' in said.body.id) continue;
    const round = 'round' in said.body ? said.body.round : '';
    const about = 'accused' in said.body ? said.body.accused : said.kind === 'keygen.shares' ? to : '';
    once([said.kind, from, said.body.id.attempt, round, about].join('/'), said.body);
    if (said.kind === 'musig.commitment') once(`nonce/${said.body.commitment}`, [from, said.body.id, round]);
  }
};

/** The chain has keys, and every member that was not removed has them and the same roster. */
export const checkKeys = (network: KeyGenNetwork, removed: readonly Hex[]): void => {
  const keys = [...removed].sort();
  expect(network.taken?.removed).toEqual(keys);
  for (const [at, { key, processor }] of network.members.entries()) {
    const row = network.setOf(at);
    expect(row.state).toBe('active');
    expect(row.members.map(({ validator }) => validator)).toEqual(
      network.members.map((each) => each.key).filter((each) => !keys.includes(each)),
    );
    expect(row.members.flatMap(({ participants }) => participants)).toEqual(Array.from({ length: row.n }, (_, index) => index + 1));
    expect(row.mine).toEqual(row.members.find(({ validator }) => validator === key)?.participants ?? []);
    if (keys.includes(key)) expect(processor.confirmed).toEqual([]);
    else expect(processor.confirmed).toEqual([network.taken?.keyPair.substrate]);
  }
  checkSaidOnce(network);
};
