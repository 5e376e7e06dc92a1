import { readFileSync } from 'node:fs';
import specification from '@asyncapi/specs/schemas/3.0.0-without-$id.json' with { type: 'json' };
import { Ajv, type AnySchema } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { asyncApi } from '../../src/core/asyncApi.ts';
import { everyEvent } from '../../src/devnet/node/everyEvent.ts';
import { type Hex, toHex } from '../../src/domain/hex.ts';
import { chainMessage } from '../../src/domain/observation/schemas.ts';
import { toHeaders } from '../../src/domain/record/cloudEvents.ts';
import { eventRecords } from '../../src/domain/serai/events.ts';
import { encodeMetadata } from '../../src/domain/serai/metadata.ts';
import { patchMetadata } from '../../src/drivers/polkadot/patchMetadata.ts';
import { openRuntime } from '../../src/drivers/polkadot/runtime.ts';
import { recordsOf } from '../support/recordsOf.ts';

interface Document {
  readonly channels: Readonly<Record<string, { readonly messages: Readonly<Record<string, { readonly payload: AnySchema }>> }>>;
  readonly components: { readonly schemas: { readonly headers: AnySchema } };
}

const text = readFileSync(new URL('../../docs/asyncapi.yaml', import.meta.url), 'utf8');
const document = parse(text) as Document;
const HASH: Hex = `0x${'11'.repeat(32)}`;

describe('docs/asyncapi.yaml', () => {
  it('is made from the schemas as they stand: npm run asyncapi', () => {
    expect(text).toBe(stringify(asyncApi(), { lineWidth: 0, aliasDuplicateObjects: false }));
  });

  it('is a valid AsyncAPI document', () => {
    const check = new Ajv({ strict: false, validateFormats: false, logger: false }).compile(specification);
    const isValid = check(document);
    expect([isValid, check.errors]).toEqual([true, null]);
  });

  it('describes the records that observation writes, header by header and field by field', () => {
    const runtime = openRuntime(patchMetadata(toHex(encodeMetadata(15))), 'serai-1');
    const records = recordsOf([
      {
        number: 7,
        hash: HASH,
        parentHash: HASH,
        stateRoot: HASH,
        extrinsicsRoot: HASH,
        time: 1_790_000_000_000,
        events: runtime.events(toHex(eventRecords.encode(everyEvent()))),
        state: [
          { pallet: 'ValidatorSets', item: 'CurrentSession', key: 'Bitcoin', value: 3 },
          { pallet: 'Coins', item: 'Supply', key: 'Bitcoin', value: '100' },
        ],
        batches: [],
      },
    ]);
    const ajv = new Ajv({ strict: false, validateFormats: false });
    const headers = ajv.compile(document.components.schemas.headers);
    const messages = document.channels['chain']?.messages ?? {};
    expect(Object.keys(messages)).toEqual(chainMessage.options.map(({ shape }) => shape.type.value));
    for (const { type, data, id, subject, time } of records) {
      const payload = ajv.compile(messages[type]?.payload ?? false);
      const isDescribed = payload(data);
      expect([type, isDescribed, payload.errors]).toEqual([type, true, null]);
      const attributes = { id, type, subject, time, source: '/alice/observation', datacontenttype: 'application/json' };
      const isHeaded = headers(toHeaders({ ...attributes, sequence: 1n, previoushash: HASH, epoch: 1 }));
      expect([type, isHeaded, headers.errors]).toEqual([type, true, null]);
      // What is not described is not let in.
      expect(payload({ ...(data as object), more: 1 })).toBe(false);
    }
    expect(records).toHaveLength(48);
  });
});
