import type { Command, Reply } from '../../domain/processor/messages.ts';
import type { Change, View } from '../../domain/tables.ts';
import { Draft } from '../../domain/tables.ts';
import { burn } from './burn.ts';
import type { ProcessorContext } from './context.ts';
import { commitmentsGiven, generateKey, sharesGiven as keySharesGiven } from './keyGen.ts';
import { verifyBlame } from './keyGenBlame.ts';
import { confirmKeyPair, substrateBlock } from './payments.ts';
import { ProcessorError } from './processorError.ts';
import { completedElsewhere, preprocessesGiven, sharesGiven, signAttempt } from './signing.ts';
import { signSlashReport } from './slashReport.ts';

/** What a command comes to: rows to be written in one piece, then replies. */
export interface Decided {
  readonly changes: readonly Change[];
  readonly replies: readonly Reply[];
}

/** Decides on a command by what the processor knows; only nonces and fresh randomness come from outside the rows. */
export const decide = (view: View, context: ProcessorContext, command: Command): Decided => {
  const draft = new Draft(view);
  const replies = answer(draft, context, command);
  return { changes: draft.decision().changes, replies };
};

const answer = (draft: Draft, context: ProcessorContext, command: Command): readonly Reply[] => {
  const network = networkOf(command);
  if (network !== undefined && network !== context.network)
    throw new ProcessorError('processor.foreign-network', `${command.type} is for ${network}, this processor is of ${context.network}`);
  switch (command.type) {
    case 'serai.epoch.opened.v1':
      return [];
    case 'serai.epoch.burn.v1':
      return burn(draft, context, command.data);
    case 'serai.key-gen.generate-key.v1':
      return generateKey(draft, context, command.data);
    case 'serai.key-gen.commitments.v1':
      return commitmentsGiven(draft, context, command.data.id, command.data.commitments);
    case 'serai.key-gen.shares.v1':
      return keySharesGiven(draft, command.data.id, command.data.shares);
    case 'serai.key-gen.verify-blame.v1':
      return verifyBlame(draft, command.data);
    case 'serai.substrate.confirm-key-pair.v1':
      return confirmKeyPair(draft, command.data);
    case 'serai.substrate.block.v1':
      return substrateBlock(draft, context, command.data);
    case 'serai.coordinator.sign-slash-report.v1':
      return signSlashReport(draft, context, command.data);
    case 'serai.sign.attempt.v1':
      return signAttempt(draft, context, command.data);
    case 'serai.sign.preprocesses.v1':
      return preprocessesGiven(draft, context, command.data);
    case 'serai.sign.shares.v1':
      return sharesGiven(draft, context, command.data);
    case 'serai.sign.completed.v1':
      return completedElsewhere(draft, context, command.data);
  }
};

const networkOf = ({ data }: Command): string | undefined => {
  if ('id' in data) return data.id.set.network;
  return 'set' in data ? data.set.network : undefined;
};
