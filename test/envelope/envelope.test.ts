import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fault, gather, refill, type Settlement, seal } from '../../src/envelope/envelope.ts';

const origin = { source: 'test', lane: 'a', position: 1n };
const fault: Fault = { kind: 'poison', code: 'test.bad', cause: new Error('bad') };

/** An envelope and what became of it. */
const sealed = <P>(payload: P): { readonly envelope: ReturnType<typeof seal<P>>; readonly settled: Settlement[] } => {
  const settled: Settlement[] = [];
  return { envelope: seal(payload, origin, (settlement) => settled.push(settlement)), settled };
};

describe('an envelope', () => {
  it('is settled by the first word, whatever follows', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1 }), (words) => {
        const { envelope, settled } = sealed('x');
        for (const ok of words) {
          if (ok) envelope.ack();
          else envelope.nack(fault);
        }
        expect(settled).toEqual([words[0] === true ? { ok: true } : { ok: false, fault }]);
      }),
    );
  });

  it('keeps its settlement and its origin when it is refilled', () => {
    const { envelope, settled } = sealed(1);
    const other = refill(envelope, 'one');
    expect(other.payload).toBe('one');
    expect(other.origin).toBe(origin);
    other.nack(fault);
    envelope.ack();
    expect(settled).toEqual([{ ok: false, fault }]);
  });
});

describe('gathered envelopes', () => {
  it('are settled together, and stand where the last one stood', () => {
    const [a, b] = [sealed(1), sealed(2)];
    const both = gather([a.envelope, b.envelope]);
    expect(both.payload).toEqual([1, 2]);
    expect(both.origin).toBe(b.envelope.origin);
    both.ack();
    both.nack(fault);
    expect([a.settled, b.settled]).toEqual([[{ ok: true }], [{ ok: true }]]);
  });

  it('leave a member alone that was settled before', () => {
    const [a, b] = [sealed(1), sealed(2)];
    const both = gather([a.envelope, b.envelope]);
    a.envelope.nack(fault);
    both.ack();
    expect([a.settled, b.settled]).toEqual([[{ ok: false, fault }], [{ ok: true }]]);
  });
});
