import { z } from 'zod';
import { externalNetwork, hex, hexOf, keyGenId, type SetId, setName, signableName, signId, u32, validatorSet } from '../processor/ids.ts';
import type { Json, View } from '../tables.ts';
import { traceOfBatch, traceOfBlock } from '../tracing/trace.ts';
import type { CryptoContext } from './context.ts';
import { type BlockRef, type SignableRow, sets, signables } from './rows.ts';

const aboutAttempt = z.object({ id: signId });
const aboutKeyGen = z.object({ id: keyGenId });
const aboutBatch = z.object({ network: externalNetwork, id: u32, batch: hex });
const aboutCall = z.object({ call: z.enum(['set_keys', 'report_slashes']), network: externalNetwork, session: u32 });
const aboutPlan = z.object({ plan: hexOf(32), network: externalNetwork.optional(), set: validatorSet.optional() });
const aboutBlock = z.object({ block: z.object({ hash: hexOf(32) }) });

const ofBlock = (block: BlockRef | undefined): string | undefined => (block === undefined ? undefined : traceOfBlock(block.hash));

const setOf = (view: View, set: SetId) => sets.get(view, setName(set));

const planOf = (view: View, { plan, network, set }: z.infer<typeof aboutPlan>): SignableRow | undefined =>
  set === undefined
    ? [...signables.rows(view)].find(([, row]) => row.kind === 'plan' && row.id === plan && row.set.network === network)?.[1]
    : signables.get(view, signableName({ set, kind: 'plan', id: plan }));

/**
 * The trace of what a message, record or call of ours is about: of a batch its own; of a plan, a slash report, a key generation that of the
 * block it is anchored at (docs/tracing.md). Undefined where it is about nothing of these, or nothing we know.
 */
export const traceAbout =
  ({ genesisHash }: Pick<CryptoContext, 'genesisHash'>) =>
  (view: View, said: Json): string | undefined => {
    const about = typeof said === 'object' && said !== null && 'body' in said ? said['body'] : said;
    const attempt = aboutAttempt.safeParse(about);
    if (attempt.success) {
      const { id } = attempt.data;
      return id.kind === 'batch'
        ? traceOfBatch(genesisHash, id.set.network, id.id)
        : ofBlock(signables.get(view, signableName(id))?.anchor);
    }
    const keyGen = aboutKeyGen.safeParse(about);
    if (keyGen.success) return ofBlock(setOf(view, keyGen.data.id.set)?.anchor);
    const batch = aboutBatch.safeParse(about);
    if (batch.success) return traceOfBatch(genesisHash, batch.data.network, String(batch.data.id));
    const call = aboutCall.safeParse(about);
    if (call.success) {
      const set = setOf(view, call.data);
      return ofBlock(call.data.call === 'set_keys' ? set?.anchor : set?.handover);
    }
    const plan = aboutPlan.safeParse(about);
    if (plan.success) return ofBlock(planOf(view, plan.data)?.anchor);
    const block = aboutBlock.safeParse(about);
    return block.success ? traceOfBlock(block.data.block.hash) : undefined;
  };
