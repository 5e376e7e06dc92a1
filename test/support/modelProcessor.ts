import { digestOf } from '../../src/domain/crypto/digest.ts';
import type { Hex } from '../../src/domain/hex.ts';
import type { ByParticipant, KeyGenId } from '../../src/domain/processor/ids.ts';
import type { Command, PartyMember, Reply } from '../../src/domain/processor/messages.ts';

interface Attempt {
  readonly members: readonly PartyMember[];
  readonly mine: readonly number[];
  /** All members' commitments, by first participant. */
  readonly given?: ByParticipant;
  /** What it said when it blamed over shares: with its secret told it makes no key. */
  readonly blamed?: readonly Reply[];
}

const nameOf = (id: KeyGenId): string => `${id.set.network}/${String(id.set.session)}/${String(id.attempt)}`;

/** What a participant's share for another is where all have the same commitments: a hash instead of mathematics. */
const shareOf = (id: KeyGenId, from: number, to: number, commitments: Hex): Hex => digestOf(['share', nameOf(id), from, to, commitments]);

/** What a member's shares are encrypted to, as a hash; and what stands for the public key of it. */
export const secretOf = (id: KeyGenId, validator: Hex): Hex => digestOf(['secret', nameOf(id), validator]);
export const publicOf = (secret: Hex): Hex => digestOf(['public', secret]);

/** What one member's shares for another's participants must be. */
const sharesFor = (id: KeyGenId, from: number, participants: readonly number[], given: ByParticipant): Hex =>
  `0x${participants.map((to) => shareOf(id, from, to, digestOf(given)).slice(2)).join('')}`;

/** A processor without mathematics: commitments, shares and keys are hashes; who was given the same has the same key pair. Asked again, it answers the same. */
export class ModelProcessor {
  readonly #self: Hex;
  readonly #attempts = new Map<string, Attempt>();
  /** The parties that a secret was made for, in their order: one each. */
  readonly begun: number[] = [];
  readonly confirmed: Hex[] = [];
  /** Attempts whose secret it told, and those it made a key in: none is both. */
  readonly revealed: number[] = [];
  readonly finished: number[] = [];
  /** Whom it blames over shares though they are right: a validator's key. */
  slanders: Hex | undefined;
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
      case 'serai.key-gen.verify-blame.v1':
        return this.#verify(data);
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
    return [{ type: 'serai.key-gen.commitments.v1', data: { id, commitments: publicOf(secretOf(id, this.#self)) } }];
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
    this.#attempts.set(nameOf(id), { ...attempt, given: commitments });
    const [from = 0] = attempt.mine;
    const others = attempt.members.filter(({ validator }) => validator !== this.#self).flatMap(({ participants }) => participants);
    const shares = Object.fromEntries(others.map((to) => [String(to), shareOf(id, from, to, all)]));
    return [{ type: 'serai.key-gen.shares.v1', data: { id, shares } }];
  }

  #finish(id: KeyGenId, shares: ByParticipant): Reply[] {
    const attempt = this.#running(id);
    const { members, mine, given, blamed } = attempt;
    if (given === undefined) throw new Error('shares before commitments');
    if (blamed !== undefined) return [...blamed];
    const wrong = members.filter(({ validator, participants: [from = 0] }) => {
      const stands = shares[from] === sharesFor(id, from, mine, given) && validator !== this.slanders;
      return validator !== this.#self && !stands;
    });
    if (wrong.length > 0) {
      const proof = secretOf(id, this.#self);
      const replies: Reply[] = wrong.map(({ participants: [participant = 0] }) => ({
        type: 'serai.key-gen.blame.v1',
        data: { id, participant, reason: 'wrong', proof },
      }));
      this.#attempts.set(nameOf(id), { ...attempt, blamed: replies });
      this.revealed.push(id.attempt);
      return replies;
    }
    this.finished.push(id.attempt);
    const all = digestOf(given);
    const keys = { substrate: digestOf(['substrate', nameOf(id), all]), network: digestOf(['network', nameOf(id), all]) };
    return [{ type: 'serai.key-gen.generated-key-pair.v1', data: { id, keyPair: keys } }];
  }

  #verify({ id, accuser, accused, shares, proof }: Extract<Command, { type: 'serai.key-gen.verify-blame.v1' }>['data']): Reply[] {
    const { members, given } = this.#attempts.get(nameOf(id)) ?? {};
    const to = members?.find(({ participants }) => participants[0] === accuser)?.participants;
    if (given === undefined || to === undefined) return [];
    const isFalse = publicOf(proof) !== given[accuser] || shares === sharesFor(id, accused, to, given);
    const participant = isFalse ? accuser : accused;
    return [{ type: 'serai.key-gen.blame.v1', data: { id, participant, reason: 'verified', accusation: { accuser, accused } } }];
  }

  #running(id: KeyGenId): Attempt {
    const attempt = this.#attempts.get(nameOf(id));
    if (attempt === undefined || id.attempt !== this.#newest) throw new Error(`attempt ${String(id.attempt)} is not the one that goes on`);
    return attempt;
  }
}
