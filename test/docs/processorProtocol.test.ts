import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { command, externalObservation, reply } from '../../src/domain/processor/messages.ts';

const page = readFileSync('docs/processor-protocol.md', 'utf8');

const shape = z.object({ type: z.object({ const: z.string() }), data: z.object({ properties: z.record(z.string(), z.unknown()) }) });

/** Each message with the names of what it holds. */
const messagesOf = (schema: z.ZodType): readonly (readonly [string, readonly string[]])[] => {
  const { oneOf, anyOf } = z.toJSONSchema(schema, { unrepresentable: 'any' });
  return (oneOf ?? anyOf ?? []).map((each) => {
    const { type, data } = shape.parse((each as { properties: unknown }).properties);
    return [type.const, Object.keys(data.properties)];
  });
};

const section = (title: string): string => page.split(`## ${title}`)[1]?.split('\n## ')[0] ?? '';

describe.each([
  ['Commands', command],
  ['Replies', reply],
  ['Observations', externalObservation],
] as const)('docs/processor-protocol.md, %s', (title, schema) => {
  it.each(messagesOf(schema))('tells of %s and all it holds', (type, names) => {
    const row = section(title)
      .split('\n')
      .find((line) => line.startsWith(`| \`${type}\``));
    expect(row, `${type} has no row`).toBeDefined();
    for (const name of names) expect(row).toMatch(new RegExp(`\\b${name}\\b`));
  });
});
