import { slashReportBytes } from '../../domain/crypto/slashReportBytes.ts';
import { fromHex, toHex } from '../../domain/hex.ts';
import { setName } from '../../domain/processor/ids.ts';
import type { Command, Reply } from '../../domain/processor/messages.ts';
import { reportSlashesMessage } from '../../domain/serai/messages.ts';
import type { Draft } from '../../domain/tables.ts';
import { verifySr25519 } from '../../domain/threshold/schnorrkel.ts';
import type { ProcessorContext } from './context.ts';
import { noteMessage } from './payments.ts';
import { ProcessorError } from './processorError.ts';
import { keys } from './rows.ts';

/** A slash report may be signed once members with t key shares of its set have signed it; the first one of a number stands. */
export const signSlashReport = (
  draft: Draft,
  { genesisHash }: ProcessorContext,
  { set, number, report, signatures }: Extract<Command, { type: 'serai.coordinator.sign-slash-report.v1' }>['data'],
): Reply[] => {
  const name = `slash report ${String(number)} of ${setName(set)}`;
  const key = keys.get(draft, setName(set));
  if (key === undefined) throw new ProcessorError('processor.foreign-report', `${name}: this processor holds no share of the set's key`);
  const bytes = slashReportBytes(genesisHash, set, number, report);
  const signed = key.members.filter(({ validator }) => {
    const signature = signatures[validator];
    return signature !== undefined && verifySr25519(fromHex(validator), bytes, fromHex(signature));
  });
  if (signed.reduce((sum, { participants }) => sum + participants.length, 0) < key.t)
    throw new ProcessorError('processor.foreign-report', `${name}: members with fewer than ${String(key.t)} key shares have signed it`);
  const slashes = report.map(({ validator, points }) => [fromHex(validator), points] as const);
  noteMessage(draft, `${setName(set)}/slash-report/${String(number)}`, toHex(reportSlashesMessage(set, slashes)));
  return [];
};
