import type { Command } from 'commander';
import { loadConfig } from '../core/loadConfig.ts';
import { words } from './arguments.ts';
import { type Configured, configured } from './configured.ts';
import type { ActOnLetter, ListLetters } from './dlq.ts';
import { examples } from './examples.ts';

/** Dead letters: `dlq`. */
export const addLetterCommands = (program: Command): void => {
  const dlq = program.command('dlq').description('dead letters: records that could not be decoded, verified or handled');
  const LETTER = 'its offset, as dlq list shows it, or its id';

  configured(dlq.command('list'))
    .description('show the dead letters that are open')
    .option('--all', 'those that were dropped or replayed, too: when, and why', false)
    .option('--json', 'print one JSON object', false)
    .addHelpText('after', examples('dlq list --config config/local.toml'))
    .action(async ({ config, set, ...options }: Configured & ListLetters) => {
      const { listLetters } = await import('./dlq.ts');
      await listLetters(loadConfig(config, process.env, set), options);
      process.exit(0);
    });

  configured(dlq.command('show'))
    .description('show a dead letter, with the raw bytes')
    .argument('<letter>', LETTER)
    .option('--json', 'print one JSON object', false)
    .addHelpText('after', examples('dlq show 3 --config config/local.toml'))
    .action(async (letter: string, { config, set, ...options }: Configured & Pick<ListLetters, 'json'>) => {
      const { showLetter } = await import('./dlq.ts');
      await showLetter(loadConfig(config, process.env, set), letter, options);
      process.exit(0);
    });

  const acting = (what: string, description: string): Command =>
    configured(dlq.command(what))
      .description(description)
      .argument('<letter>', LETTER)
      .requiredOption('--reason <text>', 'why; it is recorded on <name>-control', words)
      .addHelpText(
        'after',
        `\nDoing it twice is doing it once, and says so. What was dropped is not replayed, nor the other way round.${examples(`dlq ${what} 3 --reason "mended in 0.2.1" --config config/local.toml`)}`,
      );

  acting('replay', 'have the record of a dead letter handled again, by the module that refused it').action(
    async (letter: string, { config, set, ...options }: Configured & ActOnLetter) => {
      const { replayLetter } = await import('./dlq.ts');
      await replayLetter(loadConfig(config, process.env, set), letter, options);
      process.exit(0);
    },
  );

  acting('drop', 'close a dead letter; its record is not handled').action(
    async (letter: string, { config, set, ...options }: Configured & ActOnLetter) => {
      const { dropLetter } = await import('./dlq.ts');
      await dropLetter(loadConfig(config, process.env, set), letter, options);
      process.exit(0);
    },
  );
};
