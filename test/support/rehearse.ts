import { TestScheduler } from 'rxjs/testing';
import { expect } from 'vitest';
import { type Envelope, type Settlement, seal } from '../../src/envelope/envelope.ts';

type Helpers = Parameters<Parameters<TestScheduler['run']>[0]>[0];

export interface Rehearsal extends Helpers {
  /** An envelope whose fate is kept under its name. */
  readonly envelope: <P>(name: string, payload: P) => Envelope<P>;
  /** What became of each envelope, in order; nothing for one that is still open. */
  readonly fates: ReadonlyMap<string, readonly Settlement[]>;
}

/** Runs a marble test in virtual time, with a register of what became of each envelope. */
export const rehearse = (play: (rehearsal: Rehearsal) => void): void => {
  new TestScheduler((actual, expected) => {
    expect(actual).toEqual(expected);
  }).run((helpers) => {
    const fates = new Map<string, Settlement[]>();
    const envelope = <P>(name: string, payload: P): Envelope<P> => {
      fates.set(name, []);
      return seal(payload, { source: 'test', lane: 'test', position: BigInt(fates.size) }, (settlement) =>
        fates.get(name)?.push(settlement),
      );
    };
    play({ ...helpers, envelope, fates });
  });
};

/** The settlement of an envelope that was refused. */
export const refused = (kind: 'poison' | 'transient' | 'fatal', code: string): unknown =>
  expect.objectContaining({ ok: false, fault: expect.objectContaining({ kind, code }) as unknown });

/** For observables that must not fail. */
export const fail = (error: unknown): never => {
  throw error;
};
