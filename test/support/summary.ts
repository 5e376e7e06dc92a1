import { cryptoWaitReady, sr25519Verify } from '@polkadot/util-crypto';
import { expect } from 'vitest';
import { z } from 'zod';
import { fromHex } from '../../src/domain/hex.ts';
import { drawParty } from '../../src/domain/party/drawParty.ts';

const signed = {
  network: z.string(),
  session: z.number(),
  groupKey: z.string(),
  message: z.string(),
  signature: z.string(),
  party: z.array(z.number()),
  attempt: z.number(),
  rule: z.enum(['pure', 'convened']),
  blockHash: z.string(),
  stream: z.string(),
};

const summary = z.strictObject({
  validators: z.number(),
  threshold: z.literal(3),
  groupKey: z.string(),
  batches: z.array(z.strictObject({ id: z.number(), ...signed })),
  outputs: z.array(z.strictObject({ id: z.string(), ...signed, outputHash: z.string() })),
  seconds: z.number(),
});

/** Checks what `--json` printed for a set of n key shares as anyone could: signatures by another library, parties by the draw. */
export const checkSummary = async (line: string, n = 4): Promise<z.infer<typeof summary>> => {
  await cryptoWaitReady();
  const read = summary.parse(JSON.parse(line));
  expect(read.validators).toBe(n);
  for (const { message, signature, groupKey, party, rule, blockHash, stream } of [...read.batches, ...read.outputs]) {
    expect(sr25519Verify(fromHex(message), fromHex(signature), fromHex(groupKey))).toBe(true);
    const drawn = drawParty({ blockHash: fromHex(blockHash), participants: n, threshold: 3, stream: BigInt(stream) });
    if (rule === 'pure') expect(party).toEqual(drawn);
    else expect(new Set(party).size).toBe(3);
  }
  return read;
};
