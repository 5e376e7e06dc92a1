import type { Command } from 'commander';
import { EXIT } from '../core/exitCodes.ts';
import { loadConfig } from '../core/loadConfig.ts';
import { offset, whole } from './arguments.ts';
import { type Configured, configured } from './configured.ts';
import { examples } from './examples.ts';
import type { ReplayCommand } from './replay.ts';
import type { TailCommand } from './tail.ts';
import type { TopicsCommand } from './topics.ts';
import type { VerifyCommand } from './verify.ts';

/** The topics: `topics`, `verify`, `tail`, and `replay` against the chain. */
export const addTopicCommands = (program: Command): void => {
  configured(program.command('topics'))
    .description("show how the deployment's topics are set up in Kafka, against how they should be")
    .option('--create', 'create those that are missing', false)
    .option('--json', 'print one JSON object', false)
    .addHelpText('after', `\nExits with 0 when all is right, with 1 otherwise.${examples('topics --config config/local.toml')}`)
    .action(async ({ config, set, ...options }: Configured & TopicsCommand) => {
      const { checkTopics } = await import('./topics.ts');
      process.exit((await checkTopics(loadConfig(config, process.env, set), options)) ? 0 : EXIT.failed);
    });

  configured(program.command('verify'))
    .description('prove from its records alone that nothing on a topic is missing, doubled, moved, changed or forged')
    .argument('<topic>', 'a topic of the deployment, as in chain or alice-chain')
    .option('--from <offset>', 'begin there, and take the first records at their word', offset)
    .option('--json', 'print one JSON object', false)
    .addHelpText('after', `\nExits with 0 when all is proven, with 1 otherwise.${examples('verify chain --config config/local.toml')}`)
    .action(async (topic: string, { config, set, ...options }: Configured & VerifyCommand) => {
      const { verifyTopic } = await import('./verify.ts');
      process.exit((await verifyTopic(loadConfig(config, process.env, set), topic, options)) ? 0 : EXIT.failed);
    });

  configured(program.command('tail'))
    .description('print the records of a topic as lines: the last ones, then what comes')
    .argument('<topic>', 'a topic of the deployment, as in chain or alice-chain')
    .option('--lines <n>', 'records to show of what is there', whole(0, 100_000), 10)
    .option('--from <offset>', 'begin there instead', offset)
    .option('--no-follow', 'end where the topic ends now')
    .option('--json', 'print one JSON object a line', false)
    .addHelpText(
      'after',
      examples('tail chain --config config/local.toml', 'tail reports --from 0 --no-follow --json --config config/local.toml'),
    )
    .action(async (topic: string, { config, set, ...options }: Configured & TailCommand) => {
      const { tailTopic } = await import('./tail.ts');
      await tailTopic(loadConfig(config, process.env, set), topic, options);
      process.exit(0);
    });

  configured(program.command('replay'))
    .description('read blocks again from the node, and print what they say, or hold it against what was published')
    .requiredOption('--from <height>', 'first block', whole(0, 0xffff_ffff))
    .requiredOption('--to <height>', 'last block', whole(0, 0xffff_ffff))
    .option('--check', 'compare with <name>-chain, and show the first difference', false)
    .option('--json', 'print JSON', false)
    .addHelpText(
      'after',
      `\nWith --check exits with 0 when all is identical, with 1 otherwise.${examples('replay --from 1000 --to 2000 --check --config config/local.toml')}`,
    )
    .action(async ({ config, set, ...options }: Configured & ReplayCommand) => {
      const { replayBlocks } = await import('./replay.ts');
      process.exit((await replayBlocks(loadConfig(config, process.env, set), options)) ? 0 : EXIT.failed);
    });
};
