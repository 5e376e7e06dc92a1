import type { Command } from 'commander';
import { loadConfig } from '../core/loadConfig.ts';
import { LOG_LEVELS, type LogLevel } from '../core/log.ts';
import { level, whole, words } from './arguments.ts';
import { type Configured, configured } from './configured.ts';
import type { DoctorCommand } from './doctor.ts';
import { examples } from './examples.ts';
import type { PeersCommand } from './peers.ts';
import type { StatusCommand } from './status.ts';

/** How the running coordinator stands: `status`, `log-level`, `peers`. */
export const addLookCommands = (program: Command): void => {
  configured(program.command('status'))
    .description('show how the running coordinator stands: what it signs, what is in its way, and why')
    .option('--json', 'print what /status answers (docs/status.md)', false)
    .addHelpText('after', examples('status --config config/local.toml', 'status --config config/local.toml --json'))
    .action(async ({ config, set, ...options }: Configured & StatusCommand) => {
      const { showStatus } = await import('./status.ts');
      await showStatus(loadConfig(config, process.env, set), options);
      process.exit(0);
    });

  configured(program.command('doctor'))
    .description('look at node, Kafka, peers, disks, keys, backups, clock and ports, and say what to do about what is not as it should be')
    .option('--timeout <seconds>', 'time that each of them has to answer', whole(1, 600), 10)
    .option('--json', 'print one JSON object', false)
    .addHelpText(
      'after',
      `\nWorks whether the coordinator runs or not. Exits with 0 when all is right, with 1 where something is to be looked at; where something is in the way of its duty, as run would end: 2 keys, 3 node, 4 Kafka, 5 disk, 6 port, 1 anything else.${examples('doctor --config config/local.toml', 'doctor --config config/local.toml --json')}`,
    )
    .action(async ({ config, set, ...options }: Configured & DoctorCommand) => {
      const { runDoctor } = await import('./doctor.ts');
      process.exit(await runDoctor(loadConfig(config, process.env, set), options));
    });

  configured(program.command('log-level'))
    .description("show the level of the running coordinator's log, or change it until its next start")
    .argument('[level]', `one of ${LOG_LEVELS.join(', ')}`, level)
    .option('--reason <text>', 'why it is changed; it is recorded on <name>-control', words, 'not given')
    .option('--json', 'print one JSON object', false)
    .addHelpText('after', examples('log-level debug --config config/local.toml'))
    .action(async (asked: LogLevel | undefined, { config, set, ...options }: Configured & { json: boolean; reason: string }) => {
      const { logLevel } = await import('./logLevel.ts');
      await logLevel(loadConfig(config, process.env, set), asked, options);
      process.exit(0);
    });

  configured(program.command('peers'))
    .description('show how the running coordinator sees the other validators, and how each of them sees it')
    .option('--json', 'print one JSON object', false)
    .addHelpText('after', examples('peers --config config/local.toml', 'peers --config config/local.toml --json'))
    .action(async ({ config, set, ...options }: Configured & PeersCommand) => {
      const { showPeers } = await import('./peers.ts');
      await showPeers(loadConfig(config, process.env, set), options);
      process.exit(0);
    });
};
