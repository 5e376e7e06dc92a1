import { type Command, Option } from 'commander';
import { ConfigError } from '../core/configError.ts';
import { loadConfig } from '../core/loadConfig.ts';
import type { SignId } from '../domain/processor/ids.ts';
import { attemptName, blockHash, collect, stream, whole } from './arguments.ts';
import { type Configured, configured } from './configured.ts';
import { printDraw } from './drawCommand.ts';
import { examples } from './examples.ts';

/** Parties and evidence: `party`, `evidence`. */
export const addPartyCommands = (program: Command): void => {
  const party = program.command('party').description('parties and why they are what they are');

  party
    .command('explain')
    .description("derive an attempt's party again, and say of every validator why it is in or out")
    .option('--sign-id <id>', 'the attempt, as network/session/kind/id/attempt', attemptName)
    .option('--config <file>', 'configuration file of the deployment whose records are read')
    .addOption(new Option('--set <section.key=value>', 'override a key of the file; may be given again').argParser(collect).default([]))
    .option('--anchor <height>', 'the block what is signed is counted from, where no record tells it', whole(0, 0xffff_ffff))
    .option('--evidence <file>', 'read everything from a file that --json wrote, and check the proofs of a convened party')
    .option('--json', 'print one JSON object', false)
    .addHelpText(
      'after',
      examples(
        'party explain --sign-id Bitcoin/0/batch/3/128 --config config/local.toml',
        'party explain --sign-id Bitcoin/0/batch/3/64 --config config/local.toml --json > party.json',
        'party explain --evidence party.json',
      ),
    )
    .action(async (options: Partial<Configured> & { signId?: SignId; anchor?: number; evidence?: string; json: boolean }) => {
      const { explainFromFile, explainFromRecords } = await import('./explain.ts');
      const { signId, config, set = [], anchor, evidence, json } = options;
      if (evidence !== undefined) {
        await explainFromFile(evidence, { json });
        return;
      }
      if (signId === undefined || config === undefined)
        throw new ConfigError('config.invalid', 'party explain needs --sign-id and --config, or --evidence; see party explain --help');
      await explainFromRecords(loadConfig(config, process.env, set), { signId, json, ...(anchor === undefined ? {} : { anchor }) });
      process.exit(0);
    });

  const evidence = program.command('evidence').description('what proves that a validator broke the protocol');

  configured(evidence.command('list'))
    .description('list the evidence this validator has reported')
    .option('--json', 'print one JSON object', false)
    .action(async ({ config, set, json }: Configured & { json: boolean }) => {
      const { listEvidence } = await import('./evidence.ts');
      await listEvidence(loadConfig(config, process.env, set), { json });
      process.exit(0);
    });

  configured(evidence.command('export'))
    .description('print one piece of evidence as a file that others can check')
    .argument('<offset-or-id>', 'as evidence list names it')
    .addHelpText('after', examples('evidence export 17 --config config/local.toml > evidence.json'))
    .action(async (asked: string, { config, set }: Configured) => {
      const { exportEvidence } = await import('./evidence.ts');
      await exportEvidence(loadConfig(config, process.env, set), asked);
      process.exit(0);
    });

  evidence
    .command('check')
    .description("check a file of evidence with the validators' public keys alone; exit 1 where it proves nothing")
    .argument('<file>', 'as evidence export writes it')
    .option('--json', 'print one JSON object', false)
    .action(async (file: string, { json }: { json: boolean }) => {
      const { checkEvidenceFile } = await import('./evidence.ts');
      await checkEvidenceFile(file, { json });
    });

  party
    .command('draw')
    .description('print the party a block hash draws')
    .requiredOption('--block-hash <hex>', 'hash of the seed block', blockHash)
    .requiredOption('--validators <n>', 'key shares of the set', whole(1, 65_535))
    .requiredOption('--threshold <t>', 'shares to draw', whole(1, 65_535))
    .addOption(new Option('--stream <s>', "the generator's stream").argParser(stream).default(0n, '0'))
    .option('--json', 'print {"party":[…]}', false)
    .addHelpText('after', examples(`party draw --block-hash 0x${'00'.repeat(32)} --validators 4 --threshold 3 --json`))
    .action(printDraw);
};
