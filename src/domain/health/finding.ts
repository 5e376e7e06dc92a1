import { z } from 'zod';

/** What an operator is told about one thing that was looked at. */
export const finding = z.strictObject({
  check: z.string().describe('what was looked at, as in `node.finality`'),
  subject: z.string().describe('of what: an endpoint, a topic, a folder'),
  verdict: z
    .enum(['ok', 'warn', 'fail'])
    .describe('`fail`: it keeps the coordinator from its duty; `warn`: it does its duty, but not for ever, or not well'),
  found: z.string().max(501).describe('how it stands'),
  means: z.string().exactOptional().describe('what that comes to'),
  fix: z.string().exactOptional().describe('what to do about it'),
  code: z.string().exactOptional().describe('its heading in docs/runbook.md'),
});
export type Finding = z.infer<typeof finding>;
