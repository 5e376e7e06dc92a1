import { Kafka } from 'cloudevents';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/domain/hex.ts';
import { fromHeaders, toHeaders } from '../../../src/domain/record/cloudEvents.ts';
import { followRun, unseen } from '../../../src/domain/record/followRun.ts';
import { proveRun, proveRuns } from '../../../src/domain/record/proveRun.ts';
import { recordDigest } from '../../../src/domain/record/recordDigest.ts';
import { publicKeyOf, signRecord, verifySignature } from '../../../src/domain/record/signRecord.ts';

import type { Attributes, TopicRecord } from '../../../src/domain/record.ts';

const TOPIC = 'alice-chain';
const SOURCE = '/alice/observation';
const secret = new Uint8Array(32).fill(1);
const pins = { [SOURCE]: publicKeyOf(secret) };

const attributesOf = (sequence: number, previoushash: Attributes['previoushash']): Attributes => ({
  id: `block/${String(sequence)}`,
  source: SOURCE,
  type: 'serai.chain.block.v1',
  time: '2026-01-01T00:00:00.000Z',
  subject: 'block',
  datacontenttype: 'application/json',
  sequence: BigInt(sequence),
  previoushash,
  epoch: 1,
});

const sign = (record: TopicRecord, by = secret): TopicRecord => ({
  ...record,
  attributes: { ...record.attributes, signature: toHex(signRecord(TOPIC, record, by)) },
});

const runOf = (count: number): TopicRecord[] => {
  let previous = toHex(new Uint8Array(32));
  const records = Array.from({ length: count }, (_, index) => {
    const record = { attributes: attributesOf(index + 1, previous), data: new TextEncoder().encode(`{"number":${String(index)}}`) };
    previous = toHex(recordDigest(TOPIC, record));
    return record;
  });
  const last = records.at(-1);
  return last === undefined ? [] : [...records.slice(0, -1), sign(last)];
};

const at = (records: readonly TopicRecord[], index: number): TopicRecord => {
  const record = records[index];
  if (record === undefined) throw new Error(`there is no record ${String(index)}`);
  return record;
};

describe('headers', () => {
  it('are read by the CloudEvents SDK as the binary mode of its Kafka binding', () => {
    const record = at(runOf(1), 0);
    const headers = toHeaders(record.attributes);
    const message = { key: '', timestamp: undefined, value: Buffer.from(record.data).toString('utf8'), headers, body: record.data };
    const event = Kafka.toEvent<{ number: number }>(message);
    expect(event).toMatchObject({
      id: 'block/1',
      source: SOURCE,
      type: 'serai.chain.block.v1',
      specversion: '1.0',
      subject: 'block',
      sequence: '1',
    });
  });

  it('come back as they went', () => {
    const { attributes } = at(runOf(1), 0);
    expect(fromHeaders(toHeaders(attributes))).toEqual(attributes);
  });

  it.each(['ce_id', 'ce_sequence', 'ce_previoushash', 'ce_epoch', 'content-type', 'ce_specversion'])('are refused without %s', (name) => {
    const headers = Object.fromEntries(Object.entries(toHeaders(at(runOf(1), 0).attributes)).filter(([key]) => key !== name));
    expect(() => fromHeaders(headers)).toThrow(expect.objectContaining({ code: 'record.malformed' }));
  });

  it('are refused when they are anything else', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), (headers) => {
        expect(() => fromHeaders(headers)).toThrow(expect.objectContaining({ code: 'record.malformed' }));
      }),
    );
  });
});

describe('a signature', () => {
  it('stands for topic, attributes and data', () => {
    const signed = at(runOf(1), 0);
    expect(verifySignature(TOPIC, signed, publicKeyOf(secret))).toBe(true);
    expect(verifySignature('bob-chain', signed, publicKeyOf(secret))).toBe(false);
    expect(verifySignature(TOPIC, { ...signed, data: new Uint8Array(1) }, publicKeyOf(secret))).toBe(false);
    expect(verifySignature(TOPIC, { ...signed, attributes: { ...signed.attributes, epoch: 2 } }, publicKeyOf(secret))).toBe(false);
    expect(verifySignature(TOPIC, signed, publicKeyOf(new Uint8Array(32).fill(2)))).toBe(false);
  });
});

describe('a run', () => {
  const code = async (run: readonly TopicRecord[], seen = {}): Promise<string> => {
    try {
      followRun(TOPIC, seen, await proveRun(TOPIC, pins, run));
      return 'verified';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it('is verified, and tells where its source ends', () => {
    const run = runOf(3);
    const last = at(run, 2);
    expect(followRun(TOPIC, {}, run)).toEqual({ [SOURCE]: { sequence: 3n, digest: toHex(recordDigest(TOPIC, last)) } });
  });

  it('names what was done to it', async () => {
    const run = runOf(4);
    const [a, b, c, d] = [at(run, 0), at(run, 1), at(run, 2), at(run, 3)];
    expect(await code([a, c, d])).toBe('record.gap');
    expect(await code([a, c, b, d])).toBe('record.gap');
    expect(await code([a, { ...b, data: new Uint8Array(3) }, c, d])).toBe('record.chain-broken');
    expect(await code([a, b, c, { ...d, data: new Uint8Array(3) }])).toBe('record.forged');
    expect(await code([a, b, c, sign(d, new Uint8Array(32).fill(9))])).toBe('record.forged');
    const foreign = sign({ ...d, attributes: { ...d.attributes, source: '/mallory' } });
    expect(await code([foreign])).toBe('record.unknown-source');
    expect(await code([foreign, d])).toBe('record.forged');
  });

  it('that was seen before, wholly or in part, is passed over as far as it was', async () => {
    const run = runOf(4);
    const seen = followRun(TOPIC, {}, run);
    expect(followRun(TOPIC, seen, run)).toEqual(seen);
    expect(unseen(seen, run)).toEqual([]);
    const two = { [SOURCE]: { sequence: 2n, digest: toHex(recordDigest(TOPIC, at(run, 1))) } };
    expect(followRun(TOPIC, two, run)).toEqual(seen);
    expect(unseen(two, run)).toEqual(run.slice(2));
    expect(await code(run, { [SOURCE]: { sequence: 2n, digest: toHex(new Uint8Array(32)) } })).toBe('record.chain-broken');
  });

  it('is proven together with those behind it, but never one that was changed', async () => {
    const chain = runOf(12);
    // Runs of three, each signed.
    const runs = [0, 3, 6, 9].map((first) => [...chain.slice(first, first + 2), sign(at(chain, first + 2))]);
    const change = (record: TopicRecord, inSignature: boolean): TopicRecord =>
      inSignature
        ? { ...record, attributes: { ...record.attributes, signature: `0x${'00'.repeat(64)}` } }
        : { ...record, data: new TextEncoder().encode('{}') };
    await fc.assert(
      fc.asyncProperty(fc.nat(12), fc.boolean(), async (place, inSignature) => {
        let count = 0;
        const told = runs.map((run) => run.map((record) => (count++ === place ? change(record, inSignature) : record)));
        const proven = await proveRuns(TOPIC, pins, told);
        let seen = {};
        const accepted = proven.map((one) => {
          try {
            if (!one.ok) return false;
            seen = followRun(TOPIC, seen, one.value);
            return true;
          } catch {
            return false;
          }
        });
        const changed = Math.floor(place / 3);
        for (const [index, isAccepted] of accepted.entries()) {
          if (index < changed) expect(isAccepted).toBe(true);
          if (isAccepted) expect(told[index]?.map(({ data }) => toHex(data))).toEqual(runs[index]?.map(({ data }) => toHex(data)));
        }
      }),
    );
  });
});
