import { fromHex, type Hex } from '../hex.ts';
import type { ExternalNetworkName } from '../processor/ids.ts';
import { hexOf, type SetId, setName, signableName, signIdName } from '../processor/ids.ts';
import { type ExternalObservation, type Reply, reply } from '../processor/messages.ts';
import type { Draft } from '../tables.ts';
import { forgetAttempts, sharesMade } from './attempt.ts';
import { batchProposed } from './batches.ts';
import { keyPairMade } from './confirm.ts';
import type { CryptoContext } from './context.ts';
import { shareBlamed } from './convene.ts';
import { digestBytes } from './digest.ts';
import { commitmentsMade, sharesMade as keyGenSharesMade } from './keyGen.ts';
import { blameMade } from './keyGenBlame.ts';
import { enterQuarantine, processorSaw } from './quarantine.ts';
import { blocks, networkRow, outputs, type SignableRow, sets, signables } from './rows.ts';
import { accuse, report } from './say.ts';
import { blockKey, complete, preprocessesMade, signableKnown } from './signing.ts';
import { awaitsAnswers, isQuarantined, waitingReplies } from './standing.ts';

/** What a set's batch signature is made over: `InInstructions-batch` ‖ SCALE(Batch) (reference serai.md §b.11). */
const BATCH_LABEL = '0x496e496e737472756374696f6e732d6261746368';

/** Whether a key generation waits until it is known what others have seen of us. */
const isHeldBack = (draft: Draft, set: SetId): boolean => {
  const row = sets.get(draft, setName(set));
  return row?.state === 'keygen' && !isQuarantined(draft) && awaitsAnswers(draft, row);
};

/** Replies that were held back arrive, in their order, as soon as nothing holds them. */
export const heldRepliesArrive = (draft: Draft, context: CryptoContext): void => {
  for (const [name, row] of [...waitingReplies.rows(draft)]) {
    const held = reply.parse(row);
    if (!('id' in held.data) || isHeldBack(draft, held.data.id.set)) continue;
    waitingReplies.delete(draft, name);
    replyArrived(draft, context, held.data.id.set.network, held);
  }
};

/** A reply of one of our processors. It speaks for its own network only. */
export const replyArrived = (draft: Draft, context: CryptoContext, network: ExternalNetworkName, { type, data }: Reply): void => {
  if ('id' in data && data.id.set.network !== network) {
    accuse(draft, context, 'processor.foreign-network', network, { type, network: data.id.set.network });
    return;
  }
  if ('id' in data && !('kind' in data.id) && isHeldBack(draft, data.id.set)) {
    const last = [...waitingReplies.rows(draft)].at(-1)?.[0] ?? '0';
    waitingReplies.put(draft, String(Number(last) + 1).padStart(10, '0'), { type, data });
    return;
  }
  switch (type) {
    case 'serai.epoch.opened.v1':
      return;
    case 'serai.epoch.seen.v1':
      processorSaw(draft, context, network, data);
      return;
    case 'serai.epoch.rolled-back.v1':
      enterQuarantine(draft, context, `the processor of ${network} was rolled back: ${data.reason}`);
      return;
    case 'serai.key-gen.commitments.v1':
      commitmentsMade(draft, context, data.id, data.commitments);
      return;
    case 'serai.key-gen.shares.v1':
      keyGenSharesMade(draft, context, data.id, data.shares);
      return;
    case 'serai.key-gen.generated-key-pair.v1':
      keyPairMade(draft, context, data.id, data.keyPair);
      return;
    case 'serai.key-gen.blame.v1':
      blameMade(draft, context, data);
      return;
    case 'serai.substrate.block-ack.v1':
      plansMade(draft, context, network, data);
      return;
    case 'serai.sign.preprocesses.v1':
      preprocessesMade(draft, context, data.id, data.digest, data.preprocesses);
      return;
    case 'serai.sign.shares.v1':
      sharesMade(draft, context, data);
      return;
    case 'serai.sign.completed.v1':
      complete(draft, context, data, true);
      return;
    case 'serai.sign.invalid-share.v1':
      shareBlamed(draft, context, data.id, data.participant);
      return;
    case 'serai.sign.abstain.v1':
      report(draft, context, signIdName(data.id), { type: 'serai.report.abstain.v1', data: { id: data.id, reason: data.reason } });
      return;
  }
};

/** The plans a Serai block made: each is anchored at that block, which must be one of our own chain (design §8). */
const plansMade = (
  draft: Draft,
  context: CryptoContext,
  network: ExternalNetworkName,
  { block, plans }: Extract<Reply, { type: 'serai.substrate.block-ack.v1' }>['data'],
): void => {
  if (blocks.get(draft, blockKey(block.number))?.hash !== block.hash) {
    accuse(draft, context, 'processor.foreign-block', network, { block: { ...block } });
    return;
  }
  for (const { set, id, message } of plans) {
    if (set.network !== network) continue;
    const row = { set, kind: 'plan', id, digest: digestBytes(fromHex(message)), message, anchor: block, state: 'open' } as const;
    signableKnown(draft, context, row);
    const seen = outputs.get(draft, `${network}/${id}`);
    if (seen === undefined) continue;
    outputs.delete(draft, `${network}/${id}`);
    planPaid(draft, context, row, seen);
  }
};

/** What a processor saw on its external chain. */
export const externalObserved = (draft: Draft, context: CryptoContext, { type, data }: ExternalObservation): void => {
  switch (type) {
    case 'serai.external.batch.v1':
      batchSeen(draft, context, data);
      return;
    case 'serai.external.output.v1':
      outputSeen(draft, context, data);
      return;
    case 'serai.external.balances.v1':
      // For the integrity module (design §11).
      return;
  }
};

/** A batch is anchored at its set's `KeyGen` block (design §8); who is not of the set only holds it against what the chain executes. */
const batchSeen = (
  draft: Draft,
  context: CryptoContext,
  { network, session, id, batch }: Extract<ExternalObservation, { type: 'serai.external.batch.v1' }>['data'],
): void => {
  batchProposed(draft, context, { network, id, session, batch });
  const set = { network, session };
  const anchor = sets.get(draft, setName(set))?.keys?.block;
  if (anchor === undefined) return;
  const message: Hex = `0x${BATCH_LABEL.slice(2)}${batch.slice(2)}`;
  const known = { set, kind: 'batch', id: String(id), digest: digestBytes(fromHex(message)), message, anchor } as const;
  signableKnown(draft, context, { ...known, state: id < networkRow(draft, network).verified ? 'done' : 'open' });
};

/** A payment was seen on its chain, which ends its plan; where the plan is not known yet, the output waits for it. */
const outputSeen = (
  draft: Draft,
  context: CryptoContext,
  { network, plan, outputHash, block }: Extract<ExternalObservation, { type: 'serai.external.output.v1' }>['data'],
): void => {
  const found = [...signables.rows(draft)].find(([, row]) => row.kind === 'plan' && row.id === plan && row.set.network === network);
  if (found === undefined) outputs.put(draft, `${network}/${plan}`, { outputHash, block });
  else planPaid(draft, context, found[1], { outputHash, block });
};

const planPaid = (
  draft: Draft,
  context: CryptoContext,
  row: SignableRow,
  seen: { readonly outputHash: Hex; readonly block: Hex },
): void => {
  if (row.state === 'done') return;
  const name = signableName(row);
  signables.put(draft, name, { ...row, state: 'done' });
  forgetAttempts(draft, row);
  report(draft, context, name, { type: 'serai.report.output.v1', data: { set: row.set, plan: hexOf(32).parse(row.id), ...seen } });
};
