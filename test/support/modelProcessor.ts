import { digestOf } from '../../src/domain/crypto/digest.ts';
import type { Hex } from '../../src/domain/hex.ts';
import type { ByParticipant, KeyGenId } from '../../src/domain/processor/ids.ts';
import type { Command, PartyMember, Reply } from '../../src/domain/processor/messages.ts';

interface Attempt {
  readonly members: readonly PartyMember[];
  readonly mine: readonly number[];
  /** The digest of all members' commitments. */
  readonly commitments?: Hex;
}

const nameOf = (id: KeyGenId): string => `${id.set.network}/${String(id.set.session)}/${String(id.attempt)}`;

/** What a participant's share for another is where all have the same commitments: a hash instead of mathematics. */
const shareOf = (id: KeyGenId, from: number, to: number, commitments: Hex): Hex => digestOf(['share', nameOf(id), from, to, commitments]);

/** A processor without mathematics: commitments, shares and keys are hashes; who was given the same has the same key pair. Asked again, it answers the same. */
export class ModelProcessor {
  readonly #self: Hex;
  readonly #attempts = new Map<string, Attempt>();
  /** The parties that a secret was made for, in their order: one each. */
  readonly begun: number[] = [];
  readonly confirmed: Hex[] = [];
  #newest = -1;

  constructor(self: Hex) {
    this.#self = self;
  }

  handle({ type, data }: Command): Reply[] {
    switch (type) {
      case 'serai.key-gen.generate-key.v1':
        return this.#generate(data.id, data.certificate.members);
      case 'serai.key-gen.commitments.v1':
        return this.#deal(data.id, data.commitments);
      case 'serai.key-gen.shares.v1':
        return this.#finish(data.id, data.shares);
      case 'serai.substrate.confirm-key-pair.v1':
        if (!this.confirmed.includes(data.keyPair.substrate)) this.confirmed.push(data.keyPair.substrate);
        return [];
      default:
        return [];
    }
  }

  #generate(id: KeyGenId, members: readonly PartyMember[]): Reply[] {
    const again = this.#attempts.has(nameOf(id));
    if (!again && id.attempt <= this.#newest) throw new Error(`attempt ${String(id.attempt)} after ${String(this.#newest)}`);
    this.#newest = Math.max(this.#newest, id.attempt);
    const mine = members.find(({ validator }) => validator === this.#self)?.participants ?? [];
    if (mine.length === 0) throw new Error('a party that we are not in');
    if (!again) {
      this.begun.push(id.attempt);
      this.#attempts.set(nameOf(id), { members, mine });
    }
    return [{ type: 'serai.key-gen.commitments.v1', data: { id, commitments: digestOf(['commitments', this.#self, nameOf(id)]) } }];
  }

  #deal(id: KeyGenId, commitments: ByParticipant): Reply[] {
    const attempt = this.#running(id);
    if (Object.keys(commitments).length !== attempt.members.length) throw new Error('commitments are missing');
    const wrong = attempt.members.filter(({ participants: [first = 0] }) => commitments[first]?.length !== 66);
    if (wrong.length > 0)
      return wrong.map(({ participants: [participant = 0] }) => ({
        type: 'serai.key-gen.blame.v1',
        data: { id, participant, reason: 'wrong' },
      }));
    const all = digestOf(commitments);
    this.#attempts.set(nameOf(id), { ...attempt, commitments: all });
    const [from = 0] = attempt.mine;
    const others = attempt.members.filter(({ validator }) => validator !== this.#self).flatMap(({ participants }) => participants);
    const shares = Object.fromEntries(others.map((to) => [String(to), shareOf(id, from, to, all)]));
    return [{ type: 'serai.key-gen.shares.v1', data: { id, shares } }];
  }

  #finish(id: KeyGenId, shares: ByParticipant): Reply[] {
    const { members, mine, commitments } = this.#running(id);
    if (commitments === undefined) throw new Error('shares before commitments');
    const wrong = members.filter(({ validator, participants: [from = 0] }) => {
      const expected = `0x${mine.map((to) => shareOf(id, from, to, commitments).slice(2)).join('')}`;
      return validator !== this.#self && shares[from] !== expected;
    });
    if (wrong.length > 0)
      return wrong.map(({ participants: [participant = 0] }) => ({
        type: 'serai.key-gen.blame.v1',
        data: { id, participant, reason: 'wrong' },
      }));
    const keys = { substrate: digestOf(['substrate', nameOf(id), commitments]), network: digestOf(['network', nameOf(id), commitments]) };
    return [{ type: 'serai.key-gen.generated-key-pair.v1', data: { id, keyPair: keys } }];
  }

  #running(id: KeyGenId): Attempt {
    const attempt = this.#attempts.get(nameOf(id));
    if (attempt === undefined || id.attempt !== this.#newest) throw new Error(`attempt ${String(id.attempt)} is not the one that goes on`);
    return attempt;
  }
}
