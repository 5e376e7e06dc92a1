import type { Command } from 'commander';
import { EXIT } from '../core/exitCodes.ts';
import { loadConfig } from '../core/loadConfig.ts';
import type { Scope } from '../domain/control/orders.ts';
import { pauseScope, whole, words } from './arguments.ts';
import { type Configured, configured } from './configured.ts';
import { examples } from './examples.ts';
import type { ResumeCommand } from './resume.ts';

/** Orders of the operator, and what became of them: `pause`, `resume`, `audit`. */
export const addControlCommands = (program: Command): void => {
  configured(program.command('pause'))
    .description('begin nothing new: for the whole node, for one network, or no signatures only')
    .argument('<scope>', 'node, signing, or a network as in Bitcoin', pauseScope)
    .requiredOption('--reason <text>', 'why; it is recorded on <name>-control', words)
    .addHelpText('after', examples('pause signing --reason "disk is being replaced" --config config/local.toml'))
    .action(async (scope: Scope, { config, set, reason }: Configured & { reason: string }) => {
      const { pause } = await import('./pause.ts');
      await pause(loadConfig(config, process.env, set), scope, reason);
      process.exit(0);
    });

  configured(program.command('resume'))
    .description('take a pause back; without a scope, let a coordinator go on that is in quarantine')
    .argument('[scope]', 'node, signing, or a network as in Bitcoin', pauseScope)
    .requiredOption('--reason <text>', 'why; it is recorded on <name>-control', words)
    .option(
      '--force',
      'leave quarantine though not everyone has answered; what may have been done in a life that is lost is burnt all the same',
      false,
    )
    .option('--timeout <seconds>', 'time the coordinator has to answer', whole(1, 3_600), 60)
    .option('--json', 'print the account as one JSON object', false)
    .addHelpText(
      'after',
      `\nExits with 1 where it stays in quarantine, and says why.${examples('resume signing --reason "the disk was replaced" --config config/local.toml', 'resume --reason "restored after a disk failure" --config config/local.toml')}`,
    )
    .action(async (scope: Scope | undefined, { config, set, ...options }: Configured & ResumeCommand) => {
      const loaded = loadConfig(config, process.env, set);
      if (scope === undefined) {
        const { resumeCoordinator } = await import('./resume.ts');
        process.exit((await resumeCoordinator(loaded, options)) ? 0 : EXIT.failed);
      }
      const { resume } = await import('./pause.ts');
      await resume(loaded, scope, options.reason);
      process.exit(0);
    });

  const audit = program
    .command('audit')
    .description('what the operator did and the integrity module ordered: <name>-control, chained and signed');

  configured(audit.command('list'))
    .description('show every act, with its reason')
    .option('--json', 'print one JSON object', false)
    .addHelpText('after', examples('audit list --config config/local.toml'))
    .action(async ({ config, set, json }: Configured & { json: boolean }) => {
      const { listAudit } = await import('./audit.ts');
      await listAudit(loadConfig(config, process.env, set), { json });
      process.exit(0);
    });

  configured(audit.command('verify'))
    .description('prove that no act is missing, doubled, moved, changed or forged')
    .option('--file <file>', 'a log that audit export wrote, instead of the topic: no broker is needed')
    .option('--json', 'print one JSON object', false)
    .addHelpText(
      'after',
      `\nExits with 0 when all is proven, with 1 otherwise.${examples('audit verify --config config/local.toml', 'audit verify --file audit.jsonl --config config/local.toml')}`,
    )
    .action(async ({ config, set, json, file }: Configured & { json: boolean; file?: string }) => {
      const { verifyExport, verifyTopic } = await import('./verify.ts');
      const loaded = loadConfig(config, process.env, set);
      const isProven = file === undefined ? verifyTopic(loaded, 'control', { json }) : verifyExport(loaded, file, { json });
      process.exit((await isProven) ? 0 : EXIT.failed);
    });

  configured(audit.command('export'))
    .description('write the whole log to a file, a JSON object a line, with the signatures')
    .argument('<file>', 'the file to write')
    .addHelpText('after', examples('audit export audit.jsonl --config config/local.toml'))
    .action(async (file: string, { config, set }: Configured) => {
      const { exportAudit } = await import('./audit.ts');
      await exportAudit(loadConfig(config, process.env, set), file);
      process.exit(0);
    });
};
