import { Kafka } from 'cloudevents';
import { describe, expect, it } from 'vitest';
import { fromHeaders, toHeaders } from '../../../src/domain/record/cloudEvents.ts';
import type { Attributes } from '../../../src/domain/record.ts';

const least: Attributes = {
  id: 'serai.batch.v1/Bitcoin/7',
  source: '/validators/a/crypto',
  type: 'serai.batch.v1',
  time: '2026-01-02T03:04:05.000Z',
  datacontenttype: 'application/json',
  sequence: 12n,
  previoushash: `0x${'ab'.repeat(32)}`,
  epoch: 3,
};

const attributes: Attributes = { ...least, subject: 'Bitcoin/7', keyid: 'validator-a', signature: `0x${'cd'.repeat(64)}` };

describe('headers of a record', () => {
  it('are an event to the CloudEvents library', () => {
    const headers = toHeaders(attributes);
    const message = { headers, key: attributes.source, value: '{"id":7}', body: '{"id":7}' };
    const event = Kafka.toEvent(message);
    const { datacontenttype, id, source, subject, time, type, ...extensions } = attributes;
    expect(event).toMatchObject({ specversion: '1.0', id, source, subject, time, type, datacontenttype });
    expect(event).toMatchObject(Object.fromEntries(Object.entries(extensions).map(([name, value]) => [name, String(value)])));
  });

  it('come back as they went', () => {
    expect(fromHeaders(toHeaders(attributes))).toEqual(attributes);
    expect(fromHeaders(toHeaders(least))).toEqual(least);
  });

  it('are refused when one is missing or wrong, which is named', () => {
    for (const name of ['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_time', 'content-type', 'ce_sequence', 'ce_previoushash']) {
      const others = Object.fromEntries(Object.entries(toHeaders(attributes)).filter(([key]) => key !== name));
      expect(() => fromHeaders(others)).toThrow(expect.objectContaining({ code: 'record.malformed' }) as Error);
      expect(() => fromHeaders(others)).toThrow(name);
    }
    expect(() => fromHeaders({ ...toHeaders(attributes), ce_sequence: '012' })).toThrow('ce_sequence');
  });
});
