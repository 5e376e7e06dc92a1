import type { Command } from 'commander';
import { loadConfig } from '../core/loadConfig.ts';
import type { ExternalNetworkName } from '../domain/processor/ids.ts';
import { externalNetworkName, whole, words } from './arguments.ts';
import { type Configured, configured } from './configured.ts';
import { examples } from './examples.ts';
import type { ExplainSolvency } from './solvency.ts';

/** Solvency: `solvency`. */
export const addSolvencyCommands = (program: Command): void => {
  const solvency = program.command('solvency').description('what vaults hold, against what Serai has booked');

  configured(solvency.command('show'))
    .description('show how each coin stands, with the whole sum, in its smallest unit')
    .option('--json', 'print one JSON object', false)
    .addHelpText('after', examples('solvency show --config config/local.toml'))
    .action(async ({ config, set, json }: Configured & { json: boolean }) => {
      const { showSolvency } = await import('./solvency.ts');
      await showSolvency(loadConfig(config, process.env, set), { json });
      process.exit(0);
    });

  configured(solvency.command('explain'))
    .description('show every line of the last sums, with the block or transaction it comes from')
    .option('--coin <name>', 'this coin only, as in Bitcoin')
    .option('--journal', 'every line of the double entry as well, from the first one', false)
    .option('--json', 'print one JSON object', false)
    .addHelpText('after', examples('solvency explain --coin Bitcoin --config config/local.toml'))
    .action(async ({ config, set, ...options }: Configured & ExplainSolvency) => {
      const { explainSolvency } = await import('./solvency.ts');
      await explainSolvency(loadConfig(config, process.env, set), options);
      process.exit(0);
    });

  configured(solvency.command('replay'))
    .description('sum up again from the topics alone, and hold it against what was published')
    .option('--at <block>', 'the last verdict up to this Serai block; without it, the last of all', whole(0, 0xffff_ffff))
    .option('--json', 'print one JSON object', false)
    .addHelpText(
      'after',
      `\nExits with 0 when it is as published, with 1 otherwise.${examples('solvency replay --at 1200 --config config/local.toml')}`,
    )
    .action(async ({ config, set, ...options }: Configured & { json: boolean; at?: number }) => {
      const { replaySolvency } = await import('./solvency.ts');
      await replaySolvency(loadConfig(config, process.env, set), options);
      process.exit(0);
    });

  configured(solvency.command('acknowledge'))
    .description('give your word that a halted network is good, where acknowledge is set under [solvency]')
    .argument('<network>', 'as in Bitcoin', externalNetworkName)
    .option('--at-once', 'end its halt now, whatever was checked; where it is still short, it is halted again', false)
    .requiredOption('--reason <text>', 'why; it is recorded on <name>-control', words)
    .addHelpText('after', examples('solvency acknowledge Bitcoin --reason "the deposit was late" --config config/local.toml'))
    .action(async (network: ExternalNetworkName, { config, set, ...given }: Configured & { reason: string; atOnce: boolean }) => {
      const { acknowledgeSolvency } = await import('./solvency.ts');
      await acknowledgeSolvency(loadConfig(config, process.env, set), network, given);
      process.exit(0);
    });
};
