import { type Command, Option } from 'commander';
import { EXIT } from '../core/exitCodes.ts';
import { loadConfig } from '../core/loadConfig.ts';
import { modules, words } from './arguments.ts';
import type { BackupCommand, OneBackup, ReasonedCommand } from './backup.ts';
import { type Configured, configured } from './configured.ts';
import { examples } from './examples.ts';
import type { CreateKey } from './keys.ts';

const JSON_OPTION = ['--json', 'print one JSON object', false] as const;

/** The commands of the data module: `keys`, `backup`, `data`. */
export const addDataCommands = (program: Command): void => {
  const example = (line: string): string => examples(`${line} --config config/production.toml`);

  const reasoned = (command: Command): Command =>
    command.option('--reason <text>', 'why; it is recorded on <name>-control', words, 'not given');

  const keys = program.command('keys').description('the master key, and what is derived from it');
  const made = (command: Command): Command =>
    command
      .option('--plain', 'as 32 bytes of hex, without a passphrase', false)
      .option('--new-passphrase-file <file>', 'holds the new passphrase; without it, it is asked for on the terminal');

  reasoned(made(configured(keys.command('create'))))
    .description(
      'make the master key, in a keystore under a passphrase (Argon2id) or as a key file; one that is there is never overwritten',
    )
    .addHelpText('after', example('keys create'))
    .action(async ({ config, set, ...options }: Configured & CreateKey & { reason: string }) => {
      const { createKey } = await import('./keys.ts');
      await createKey(loadConfig(config, process.env, set), options);
    });

  configured(keys.command('show'))
    .description('show which master key it is, and the public keys that processors and consumers pin')
    .option(...JSON_OPTION)
    .addHelpText('after', example('keys show'))
    .action(async ({ config, set, ...options }: Configured & BackupCommand) => {
      const { showKeys } = await import('./keys.ts');
      await showKeys(loadConfig(config, process.env, set), options);
    });

  reasoned(configured(keys.command('change-passphrase')))
    .description('put the master key under another passphrase; the key stays the same')
    .option('--new-passphrase-file <file>', 'holds the new passphrase; without it, it is asked for on the terminal')
    .addHelpText('after', example('keys change-passphrase'))
    .action(async ({ config, set, ...options }: Configured & Pick<CreateKey, 'newPassphraseFile'> & { reason: string }) => {
      const { changePassphrase } = await import('./keys.ts');
      await changePassphrase(loadConfig(config, process.env, set), options);
    });

  reasoned(configured(keys.command('rotate')))
    .description('seal all state with fresh data keys, while the coordinator runs or not; what was interrupted goes on')
    .option(...JSON_OPTION)
    .addHelpText('after', example('keys rotate'))
    .action(async ({ config, set, ...options }: Configured & ReasonedCommand) => {
      const { rotateKeys } = await import('./keys.ts');
      await rotateKeys(loadConfig(config, process.env, set), options);
    });

  reasoned(made(configured(keys.command('import'))))
    .description('take the master key over from a file')
    .requiredOption('--from <file>', 'a keystore, or 32 bytes of hex')
    .option('--passphrase-file <file>', 'holds the passphrase of that keystore')
    .addHelpText('after', example('keys import --from /media/usb/master.keystore'))
    .action(async ({ config, set, ...options }: Configured & CreateKey & { from: string; passphraseFile?: string; reason: string }) => {
      const { importKey } = await import('./keys.ts');
      await importKey(loadConfig(config, process.env, set), options);
    });

  reasoned(made(configured(keys.command('export'))))
    .description('write the master key to a file, to be kept away from this machine')
    .requiredOption('--to <file>', 'where to; nothing is overwritten')
    .addHelpText('after', example('keys export --to /media/usb/master.keystore'))
    .action(async ({ config, set, ...options }: Configured & CreateKey & { to: string; reason: string }) => {
      const { exportKey } = await import('./keys.ts');
      await exportKey(loadConfig(config, process.env, set), options);
    });

  const backup = program.command('backup').description('backups of all state: sealed, signed, verified');
  const ofOne = (command: Command): Command =>
    configured(command)
      .argument('[id]', 'as backup list shows it', 'latest')
      .option('--modules <list>', 'these only', modules)
      .addOption(new Option('--from <place>', 'where it lies').choices(['folder', 's3']).default('folder'))
      .option(...JSON_OPTION);

  reasoned(configured(backup.command('create')))
    .description('take a backup now, whether the coordinator runs or not; a running one takes them every general.backup_interval besides')
    .option(...JSON_OPTION)
    .addHelpText('after', example('backup create'))
    .action(async ({ config, set, ...options }: Configured & ReasonedCommand) => {
      const { createBackups } = await import('./backup.ts');
      await createBackups(loadConfig(config, process.env, set), options);
    });

  configured(backup.command('list'))
    .description('list the backups, with how far work had come, and when each was last found whole')
    .option(...JSON_OPTION)
    .addHelpText('after', `\nExits with 1 where a manifest cannot be read.${example('backup list')}`)
    .action(async ({ config, set, ...options }: Configured & BackupCommand) => {
      const { listBackupsThere } = await import('./backup.ts');
      process.exitCode = (await listBackupsThere(loadConfig(config, process.env, set), options)) ? 0 : EXIT.failed;
    });

  ofOne(backup.command('verify'))
    .description('open every byte of a backup')
    .addHelpText('after', example('backup verify latest'))
    .action(async (id: string, { config, set, ...options }: Configured & OneBackup) => {
      const { verifyBackups } = await import('./backup.ts');
      await verifyBackups(loadConfig(config, process.env, set), id, options);
    });

  reasoned(ofOne(backup.command('restore')))
    .description('restore state from a backup, while the coordinator does not run; it then starts in quarantine')
    .option('--replace', 'put aside what is there', false)
    .addHelpText('after', example('backup restore 20260102T030405Z'))
    .action(async (id: string, { config, set, ...options }: Configured & OneBackup & ReasonedCommand & { replace: boolean }) => {
      const { restoreBackups } = await import('./backup.ts');
      await restoreBackups(loadConfig(config, process.env, set), id, options);
    });

  reasoned(ofOne(backup.command('drill')))
    .description('restore a backup into a scratch folder, check it, and tell how long it took')
    .addHelpText('after', example('backup drill'))
    .action(async (id: string, { config, set, ...options }: Configured & OneBackup & ReasonedCommand) => {
      const { drillBackups } = await import('./backup.ts');
      await drillBackups(loadConfig(config, process.env, set), id, options);
    });

  const data = program.command('data').description('the stores of the modules');

  configured(data.command('check'))
    .description('open every value and check what the modules rely on, while the coordinator does not run')
    .option(...JSON_OPTION)
    .addHelpText('after', `\nExits with 1 where something is wrong; it names the place and the way out.${example('data check')}`)
    .action(async ({ config, set, ...options }: Configured & BackupCommand) => {
      const { checkData } = await import('./data.ts');
      process.exitCode = (await checkData(loadConfig(config, process.env, set), options)) ? 0 : EXIT.failed;
    });
};
