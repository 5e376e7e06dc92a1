import { Command } from 'commander';
import { config as rxjsConfig } from 'rxjs';
import { addConfigCommands } from './commands/configCommands.ts';
import { addControlCommands } from './commands/controlCommands.ts';
import { addDataCommands } from './commands/dataCommands.ts';
import { addDecodeCommands } from './commands/decodeCommands.ts';
import { addLetterCommands } from './commands/letterCommands.ts';
import { addLookCommands } from './commands/lookCommands.ts';
import { addPartyCommands } from './commands/partyCommands.ts';
import { addRunCommands } from './commands/runCommands.ts';
import { addSolvencyCommands } from './commands/solvencyCommands.ts';
import { addTopicCommands } from './commands/topicCommands.ts';
import { EXIT, exitCodeOf } from './core/exitCodes.ts';
import { VERSION } from './core/version.ts';
import { CoordinatorError } from './domain/errors.ts';
import { runbookOf } from './domain/runbook.ts';
import { silenceNegativeTimeout } from './drivers/kafka/silenceNegativeTimeout.ts';
import { silenceCallTypeWarning } from './drivers/polkadot/silenceCallTypeWarning.ts';

/** An error in words: what is not of ours may have said the reason only as its cause. */
const textOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const cause = error instanceof CoordinatorError || !(error.cause instanceof Error) ? '' : ` (${error.cause.message})`;
  return `${error.message}${cause}`;
};

/** What cannot be handled ends the process: state is on disk, and a start goes on from there. */
const die = (error: unknown): never => {
  const text = textOf(error);
  const runbook = error instanceof Error && 'code' in error ? runbookOf(String(error.code)) : undefined;
  process.stderr.write(`error: ${text}\n${runbook === undefined ? '' : `what to do: ${runbook}\n`}`);
  process.exit(exitCodeOf(error));
};

// What is written here is for this user alone.
process.umask(0o077);
silenceCallTypeWarning();
silenceNegativeTimeout();
rxjsConfig.onUnhandledError = die;
process.on('unhandledRejection', die);
// Whoever reads along may have enough, as head does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => (error.code === 'EPIPE' ? process.exit(0) : die(error)));

const program = new Command('coordinator')
  .description('The coordinator of a Serai validator.')
  .version(VERSION)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT.config))
  .addHelpText(
    'after',
    '\nWith --json, standard output holds the answer alone; errors and progress go to standard error.\nExit codes: 0 done, 1 failed, 2 wrong configuration or arguments, 3 node, 4 Kafka, 5 store, 6 port in use, 7 not done in time.',
  );

// Each loads what it needs when it is called: `party draw` needs neither a database nor a network.
addRunCommands(program);
addConfigCommands(program);
addLookCommands(program);
addTopicCommands(program);
addLetterCommands(program);
addSolvencyCommands(program);
addControlCommands(program);
addDecodeCommands(program);
addPartyCommands(program);
addDataCommands(program);

program.parseAsync().catch(die);
