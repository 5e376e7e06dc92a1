import type { Command } from 'commander';
import type { ConfigCommand } from './configFile.ts';
import { configured } from './configured.ts';
import { examples } from './examples.ts';

/** The configuration file: `config`. */
export const addConfigCommands = (program: Command): void => {
  const config = program.command('config').description('the configuration file: begin one, check it, show what holds');

  config
    .command('init')
    .description('write a commented configuration file to begin with; one that is there is never overwritten')
    .argument('<file>', 'where to')
    .addHelpText('after', examples('config init config/mine.toml'))
    .action(async (file: string) => {
      const { initConfigFile } = await import('./configFile.ts');
      await initConfigFile(file);
    });

  configured(config.command('check'))
    .description('say everything that is wrong with a configuration, with line and suggestion')
    .option('--json', 'print one JSON object', false)
    .addHelpText('after', `\nExits with 2 where it cannot be used.${examples('config check --config config/local.toml')}`)
    .action(async (options: ConfigCommand) => {
      const { checkConfigFile } = await import('./configFile.ts');
      process.exitCode = checkConfigFile(options);
    });

  configured(config.command('show'))
    .description('show the configuration that holds, and where each value comes from: file, environment, --set, or default')
    .option('--json', 'print one JSON object', false)
    .addHelpText(
      'after',
      `\nSecrets are not in it, only the files or variables they lie in.${examples('config show --config config/local.toml --set kafka.kafka_port=9094')}`,
    )
    .action(async (options: ConfigCommand) => {
      const { showConfigFile } = await import('./configFile.ts');
      showConfigFile(options);
    });
};
