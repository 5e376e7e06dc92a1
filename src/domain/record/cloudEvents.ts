import { z } from 'zod';
import { hexOf } from '../processor/ids.ts';
import type { Attributes } from '../record.ts';
import { TRACEPARENT } from '../tracing/trace.ts';
import { RecordError } from './recordError.ts';

const decimal = z.string().regex(/^(0|[1-9][0-9]{0,18})$/);

/** The headers of a record of ours. */
export const recordHeaders = z.object({
  ce_specversion: z.literal('1.0'),
  ce_id: z.string().min(1).max(512),
  ce_source: z.string().min(1).max(256),
  ce_type: z.string().min(1).max(128),
  ce_time: z.iso.datetime(),
  ce_subject: z.string().min(1).max(512).optional(),
  'content-type': z.enum(['application/json', 'application/octet-stream']),
  ce_sequence: decimal,
  ce_previoushash: hexOf(32),
  ce_epoch: decimal,
  ce_keyid: z.string().min(1).max(600).optional(),
  ce_traceparent: z.string().regex(TRACEPARENT, 'expected a traceparent of version 00').optional(),
  ce_signature: hexOf(64).optional(),
});

/** Attributes as headers of the CloudEvents 1.0 Kafka protocol binding, binary mode. */
export const toHeaders = (attributes: Attributes): Record<string, string> => {
  const headers: Record<string, string> = { ce_specversion: '1.0', 'content-type': attributes.datacontenttype };
  for (const [name, value] of Object.entries(attributes)) if (name !== 'datacontenttype') headers[`ce_${name}`] = String(value);
  return headers;
};

/** Reads the headers of a record of ours; throws RecordError `record.malformed` where one is missing or wrong. */
export const fromHeaders = (given: Readonly<Record<string, string>>): Attributes => {
  const parsed = recordHeaders.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    throw new RecordError('record.malformed', `the record's headers are not those of a record of ours (${faults})`);
  }
  const { data } = parsed;
  return {
    id: data.ce_id,
    source: data.ce_source,
    type: data.ce_type,
    time: data.ce_time,
    ...(data.ce_subject === undefined ? {} : { subject: data.ce_subject }),
    datacontenttype: data['content-type'],
    sequence: BigInt(data.ce_sequence),
    previoushash: data.ce_previoushash,
    epoch: Number(data.ce_epoch),
    ...(data.ce_keyid === undefined ? {} : { keyid: data.ce_keyid }),
    ...(data.ce_traceparent === undefined ? {} : { traceparent: data.ce_traceparent }),
    ...(data.ce_signature === undefined ? {} : { signature: data.ce_signature }),
  };
};
