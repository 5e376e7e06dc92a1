import { type Command, Option } from 'commander';
import { loadConfig } from '../core/loadConfig.ts';
import { endpoint, externalNetworks, FAULT_NAMES, fault, MODULES, modules, whole } from './arguments.ts';
import { type Configured, configured } from './configured.ts';
import type { DevnetCommand } from './devnet.ts';
import { examples } from './examples.ts';
import type { RunCommand } from './run.ts';

/** Starting the thing: `devnet` and `run`. */
export const addRunCommands = (program: Command): void => {
  program
    .command('devnet')
    .description('run a whole local Serai: a simulated node, four coordinators, four processors')
    .option('--cycles <n>', 'run this many cycles, then end', whole(1, 1_000_000))
    .option('--seed <n>', 'what the simulated user does', whole(0, 0xffff_ffff), 1)
    .option('--json', 'print one JSON object as the last line of standard output', false)
    .option('--timeout <seconds>', 'time the cycles may take', whole(1, 86_400), 120)
    .option('--data <dir>', 'keep state in this folder, and go on from it')
    .option('--port <n>', 'port of the simulated node, 0 for any', whole(0, 65_535), 0)
    .option('--page-port <n>', 'port of the web page on this machine, 0 for any', whole(0, 65_535), 0)
    .addOption(
      new Option('--fault <name[=value]>', `something that goes wrong, may be given again: ${FAULT_NAMES.join(', ')}`)
        .argParser(fault)
        .default([], 'none'),
    )
    .option('--trace <url>', 'tell traces to this OTLP endpoint, as in http://127.0.0.1:4318', endpoint)
    .option('--block-time <ms>', 'time between Serai blocks', whole(50, 60_000), 250)
    .option('--networks <names>', 'external networks, separated by commas', externalNetworks, ['Bitcoin'])
    .option(
      '--session-blocks <n>',
      'blocks of a session, after which the sets rotate; 0 for one session without end',
      whole(0, 1_000_000),
      0,
    )
    .option(
      '--sessions <n>',
      'sessions that there are, all but the last of which are over at the end; 0 for no end of them',
      whole(0, 1_000),
      0,
    )
    .addHelpText(
      'after',
      examples(
        'devnet',
        'devnet --cycles 3 --seed 7 --json',
        'devnet --data ./devnet',
        'devnet --networks Bitcoin,Monero --session-blocks 100',
        'devnet --fault skip-heads --fault slow=300',
      ),
    )
    .action(async (options: DevnetCommand) => {
      const { runDevnet } = await import('./devnet.ts');
      await runDevnet(options);
      // What libraries keep open must not keep a finished run alive.
      process.exit(0);
    });

  configured(program.command('run'))
    .description('run the coordinator of one validator')
    .option(
      '--modules <list>',
      `run these modules only, on one event loop: some of ${MODULES.join(',')}; without it all run, each in a thread`,
      modules,
    )
    .addHelpText(
      'after',
      examples(
        'run --config config/local.toml',
        'run --config config/local.toml --set kafka.kafka_port=9094',
        'run --config config/local.toml --modules observation',
      ),
    )
    .action(async ({ config, set, ...options }: Configured & RunCommand) => {
      const loaded = loadConfig(config, process.env, set);
      const { runCoordinator } = await import('./run.ts');
      await runCoordinator(loaded, options);
      process.exit(0);
    });
};
