import { randomBytes } from 'node:crypto';
import { dkgBegin, dkgFinish, dkgShares } from '../src/domain/threshold/dkg.ts';
import { verifySr25519 } from '../src/domain/threshold/schnorrkel.ts';
import { aggregate, makeNonces, signShare } from '../src/domain/threshold/suite.ts';

const N = 4;
const T = 3;
const random = (length: number): Uint8Array => randomBytes(length);

/** What a set of four with threshold three needs to sign: key shares by participant. */
const keys = () => {
  const members = Array.from({ length: N }, (_, index) => index + 1);
  const begun = new Map(members.map((index) => [index, dkgBegin({ index, t: T, n: N }, random)]));
  const messages = new Map([...begun].map(([index, { message }]) => [index, message]));
  const shares = new Map([...begun].map(([index, { secret }]) => [index, dkgShares(secret, messages)]));
  return new Map(
    [...begun].map(([index, { secret }]) => {
      const mine = new Map(
        [...shares].flatMap(([from, made]) => (from === index ? [] : [[from, made.get(index) ?? new Uint8Array()] as const])),
      );
      return [index, dkgFinish(secret, messages, mine)] as const;
    }),
  );
};

/**
 * The threshold mathematics of one cycle, done alone: two signatures by three of four, each aggregated by its three signers, and
 * the verifications by four coordinators, the processor that was left out, and the chain. Returns a function that does it once.
 */
export const cycleMathematics = (): (() => void) => {
  const held = keys();
  const message = randomBytes(200);
  return () => {
    for (let signature = 0; signature < 2; signature += 1) {
      const party = [...held].slice(0, T);
      const nonces = new Map(party.map(([index]) => [index, makeNonces(random)]));
      const commitments = new Map([...nonces].map(([index, { commitment }]) => [index, commitment]));
      const shares = new Map(
        party.map(([index, key]) => {
          const secret = nonces.get(index)?.nonces;
          if (secret === undefined) throw new Error('every member has nonces');
          return [index, signShare({ key, commitments, message }, index, key.secretShare, secret)] as const;
        }),
      );
      for (const [, key] of party) {
        const made = aggregate({ key, commitments, message }, shares);
        if (!verifySr25519(key.groupKey, message, made)) throw new Error('the signature must verify');
      }
      for (let verification = 0; verification < N + 2; verification += 1)
        verifySr25519(party[0]?.[1].groupKey ?? message, message, randomBytes(64));
    }
  };
};
