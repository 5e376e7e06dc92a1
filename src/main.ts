import { Command, Option } from 'commander';
import { config as rxjsConfig } from 'rxjs';
import {
  attemptName,
  blockHash,
  bytes,
  collect,
  externalNetworkName,
  externalNetworks,
  FAULT_NAMES,
  fault,
  level,
  MODULES,
  modules,
  offset,
  pauseScope,
  stream,
  whole,
  words,
} from './commands/arguments.ts';
import { type Configured, configured } from './commands/configured.ts';
import { addDataCommands } from './commands/dataCommands.ts';
import type { DecodeCommand } from './commands/decode.ts';
import type { DevnetCommand } from './commands/devnet.ts';
import type { ActOnLetter, ListLetters } from './commands/dlq.ts';
import { printDraw } from './commands/drawCommand.ts';
import type { PeersCommand } from './commands/peers.ts';
import type { ReplayCommand } from './commands/replay.ts';
import type { ResumeCommand } from './commands/resume.ts';
import type { RunCommand } from './commands/run.ts';
import type { StatusCommand } from './commands/status.ts';
import type { TailCommand } from './commands/tail.ts';
import type { TopicsCommand } from './commands/topics.ts';
import type { VerifyCommand } from './commands/verify.ts';
import { ConfigError } from './core/configError.ts';
import { EXIT, exitCodeOf } from './core/exitCodes.ts';
import { loadConfig } from './core/loadConfig.ts';
import { LOG_LEVELS, type LogLevel } from './core/log.ts';
import { runbookOf } from './core/runbook.ts';
import { VERSION } from './core/version.ts';
import type { Scope } from './domain/control/orders.ts';
import type { ExternalNetworkName, SignId } from './domain/processor/ids.ts';
import { silenceNegativeTimeout } from './drivers/kafka/silenceNegativeTimeout.ts';
import { silenceCallTypeWarning } from './drivers/polkadot/silenceCallTypeWarning.ts';

/** What cannot be handled ends the process: state is on disk, and a start goes on from there. */
const die = (error: unknown): never => {
  const text = error instanceof Error ? error.message : String(error);
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
    '\nExit codes: 0 done, 1 failed, 2 wrong configuration or arguments, 3 node, 4 Kafka, 5 store, 6 port in use, 7 not done in time.',
  );

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
  .option('--block-time <ms>', 'time between Serai blocks', whole(50, 60_000), 250)
  .option('--networks <names>', 'external networks, separated by commas', externalNetworks, ['Bitcoin'])
  .option('--session-blocks <n>', 'blocks of a session, after which the sets rotate; 0 for one session without end', whole(0, 1_000_000), 0)
  .addHelpText(
    'after',
    '\nExamples:\n  npm start\n  npm start -- --cycles 3 --seed 7 --json\n  npm start -- --data ./devnet\n  npm start -- --networks Bitcoin,Monero --session-blocks 100\n  npm start -- --fault skip-heads --fault slow=300',
  )
  .action(async (options: DevnetCommand) => {
    // Commands are loaded when called: `party draw` needs neither a database nor a network.
    const { runDevnet } = await import('./commands/devnet.ts');
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
    '\nExamples:\n  npm run -s coordinator -- run --config config/local.toml\n  npm run -s coordinator -- run --config config/local.toml --set kafka.kafka_port=9094\n  npm run -s coordinator -- run --config config/local.toml --modules observation',
  )
  .action(async ({ config, set, ...options }: Configured & RunCommand) => {
    const loaded = loadConfig(config, process.env, set);
    const { runCoordinator } = await import('./commands/run.ts');
    await runCoordinator(loaded, options);
    process.exit(0);
  });

configured(program.command('status'))
  .description('show how the running coordinator stands: what it signs, what is in its way, and why')
  .option('--json', 'print what /status answers (docs/status.md)', false)
  .addHelpText(
    'after',
    '\nExamples:\n  npm run -s coordinator -- status --config config/local.toml\n  npm run -s coordinator -- status --config config/local.toml --json',
  )
  .action(async ({ config, set, ...options }: Configured & StatusCommand) => {
    const { showStatus } = await import('./commands/status.ts');
    await showStatus(loadConfig(config, process.env, set), options);
    process.exit(0);
  });

configured(program.command('log-level'))
  .description("show the level of the running coordinator's log, or change it until its next start")
  .argument('[level]', `one of ${LOG_LEVELS.join(', ')}`, level)
  .option('--json', 'print one JSON object', false)
  .addHelpText('after', '\nExample:\n  npm run -s coordinator -- log-level debug --config config/local.toml')
  .action(async (asked: LogLevel | undefined, { config, set, json }: Configured & { json: boolean }) => {
    const { logLevel } = await import('./commands/logLevel.ts');
    await logLevel(loadConfig(config, process.env, set), asked, json);
    process.exit(0);
  });

configured(program.command('peers'))
  .description('show how the running coordinator sees the other validators, and how each of them sees it')
  .option('--json', 'print one JSON object', false)
  .addHelpText(
    'after',
    '\nExamples:\n  npm run -s coordinator -- peers --config config/local.toml\n  npm run -s coordinator -- peers --config config/local.toml --json',
  )
  .action(async ({ config, set, ...options }: Configured & PeersCommand) => {
    const { showPeers } = await import('./commands/peers.ts');
    await showPeers(loadConfig(config, process.env, set), options);
    process.exit(0);
  });

configured(program.command('topics'))
  .description("show how the deployment's topics are set up in Kafka, against how they should be")
  .option('--create', 'create those that are missing', false)
  .option('--json', 'print one JSON object', false)
  .addHelpText(
    'after',
    '\nExits with 0 when all is right, with 1 otherwise.\nExample:\n  npm run -s coordinator -- topics --config config/local.toml',
  )
  .action(async ({ config, set, ...options }: Configured & TopicsCommand) => {
    const { checkTopics } = await import('./commands/topics.ts');
    process.exit((await checkTopics(loadConfig(config, process.env, set), options)) ? 0 : EXIT.failed);
  });

configured(program.command('verify'))
  .description('prove from its records alone that nothing on a topic is missing, doubled, moved, changed or forged')
  .argument('<topic>', 'a topic of the deployment, as in chain or alice-chain')
  .option('--from <offset>', 'begin there, and take the first records at their word', offset)
  .option('--json', 'print one JSON object', false)
  .addHelpText(
    'after',
    '\nExits with 0 when all is proven, with 1 otherwise.\nExample:\n  npm run -s coordinator -- verify chain --config config/local.toml',
  )
  .action(async (topic: string, { config, set, ...options }: Configured & VerifyCommand) => {
    const { verifyTopic } = await import('./commands/verify.ts');
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
    '\nExamples:\n  npm run -s coordinator -- tail chain --config config/local.toml\n  npm run -s coordinator -- tail reports --from 0 --no-follow --json --config config/local.toml',
  )
  .action(async (topic: string, { config, set, ...options }: Configured & TailCommand) => {
    const { tailTopic } = await import('./commands/tail.ts');
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
    '\nWith --check exits with 0 when all is identical, with 1 otherwise.\nExample:\n  npm run -s coordinator -- replay --from 1000 --to 2000 --check --config config/local.toml',
  )
  .action(async ({ config, set, ...options }: Configured & ReplayCommand) => {
    const { replayBlocks } = await import('./commands/replay.ts');
    process.exit((await replayBlocks(loadConfig(config, process.env, set), options)) ? 0 : EXIT.failed);
  });

const dlq = program.command('dlq').description('dead letters: records that could not be decoded, verified or handled');
const LETTER = 'its offset, as dlq list shows it, or its id';

configured(dlq.command('list'))
  .description('show the dead letters that are open')
  .option('--all', 'those that were dropped or replayed, too: when, and why', false)
  .option('--json', 'print one JSON object', false)
  .addHelpText('after', '\nExample:\n  npm run -s coordinator -- dlq list --config config/local.toml')
  .action(async ({ config, set, ...options }: Configured & ListLetters) => {
    const { listLetters } = await import('./commands/dlq.ts');
    await listLetters(loadConfig(config, process.env, set), options);
    process.exit(0);
  });

configured(dlq.command('show'))
  .description('show a dead letter, with the raw bytes')
  .argument('<letter>', LETTER)
  .option('--json', 'print one JSON object', false)
  .addHelpText('after', '\nExample:\n  npm run -s coordinator -- dlq show 3 --config config/local.toml')
  .action(async (letter: string, { config, set, ...options }: Configured & Pick<ListLetters, 'json'>) => {
    const { showLetter } = await import('./commands/dlq.ts');
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
      `\nDoing it twice is doing it once, and says so. What was dropped is not replayed, nor the other way round.\nExample:\n  npm run -s coordinator -- dlq ${what} 3 --reason "mended in 0.2.1" --config config/local.toml`,
    );

acting('replay', 'have the record of a dead letter handled again, by the module that refused it').action(
  async (letter: string, { config, set, ...options }: Configured & ActOnLetter) => {
    const { replayLetter } = await import('./commands/dlq.ts');
    await replayLetter(loadConfig(config, process.env, set), letter, options);
    process.exit(0);
  },
);

acting('drop', 'close a dead letter; its record is not handled').action(
  async (letter: string, { config, set, ...options }: Configured & ActOnLetter) => {
    const { dropLetter } = await import('./commands/dlq.ts');
    await dropLetter(loadConfig(config, process.env, set), letter, options);
    process.exit(0);
  },
);

const solvency = program.command('solvency').description('what vaults hold, against what Serai has booked');

configured(solvency.command('show'))
  .description('show how each coin stands, with the whole sum, in its smallest unit')
  .option('--json', 'print one JSON object', false)
  .addHelpText('after', '\nExample:\n  npm run -s coordinator -- solvency show --config config/local.toml')
  .action(async ({ config, set, json }: Configured & { json: boolean }) => {
    const { showSolvency } = await import('./commands/solvency.ts');
    await showSolvency(loadConfig(config, process.env, set), { json });
    process.exit(0);
  });

configured(solvency.command('explain'))
  .description('show every line of the last sums, with the block or transaction it comes from')
  .option('--coin <name>', 'this coin only, as in Bitcoin')
  .option('--json', 'print one JSON object', false)
  .addHelpText('after', '\nExample:\n  npm run -s coordinator -- solvency explain --coin Bitcoin --config config/local.toml')
  .action(async ({ config, set, ...options }: Configured & { json: boolean; coin?: string }) => {
    const { explainSolvency } = await import('./commands/solvency.ts');
    await explainSolvency(loadConfig(config, process.env, set), options);
    process.exit(0);
  });

configured(solvency.command('replay'))
  .description('sum up again from the topics alone, and hold it against what was published')
  .option('--at <block>', 'the last verdict up to this Serai block; without it, the last of all', whole(0, 0xffff_ffff))
  .option('--json', 'print one JSON object', false)
  .addHelpText(
    'after',
    '\nExits with 0 when it is as published, with 1 otherwise.\nExample:\n  npm run -s coordinator -- solvency replay --at 1200 --config config/local.toml',
  )
  .action(async ({ config, set, ...options }: Configured & { json: boolean; at?: number }) => {
    const { replaySolvency } = await import('./commands/solvency.ts');
    await replaySolvency(loadConfig(config, process.env, set), options);
    process.exit(0);
  });

configured(solvency.command('acknowledge'))
  .description('give your word that a halted network is good, where solvency.acknowledge asks for it')
  .argument('<network>', 'as in Bitcoin', externalNetworkName)
  .requiredOption('--reason <text>', 'why; it is recorded on <name>-control', words)
  .addHelpText(
    'after',
    '\nExample:\n  npm run -s coordinator -- solvency acknowledge Bitcoin --reason "the deposit was late" --config config/local.toml',
  )
  .action(async (network: ExternalNetworkName, { config, set, reason }: Configured & { reason: string }) => {
    const { acknowledgeSolvency } = await import('./commands/solvency.ts');
    await acknowledgeSolvency(loadConfig(config, process.env, set), network, reason);
    process.exit(0);
  });

configured(program.command('pause'))
  .description('begin nothing new: for the whole node, for one network, or no signatures only')
  .argument('<scope>', 'node, signing, or a network as in Bitcoin', pauseScope)
  .requiredOption('--reason <text>', 'why; it is recorded on <name>-control', words)
  .addHelpText(
    'after',
    '\nExample:\n  npm run -s coordinator -- pause signing --reason "disk is being replaced" --config config/local.toml',
  )
  .action(async (scope: Scope, { config, set, reason }: Configured & { reason: string }) => {
    const { pause } = await import('./commands/pause.ts');
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
    '\nExits with 1 where it stays in quarantine, and says why.\nExamples:\n  npm run -s coordinator -- resume signing --reason "the disk was replaced" --config config/local.toml\n  npm run -s coordinator -- resume --reason "restored after a disk failure" --config config/local.toml',
  )
  .action(async (scope: Scope | undefined, { config, set, ...options }: Configured & ResumeCommand) => {
    const loaded = loadConfig(config, process.env, set);
    if (scope === undefined) {
      const { resumeCoordinator } = await import('./commands/resume.ts');
      process.exit((await resumeCoordinator(loaded, options)) ? 0 : EXIT.failed);
    }
    const { resume } = await import('./commands/pause.ts');
    await resume(loaded, scope, options.reason);
    process.exit(0);
  });

const audit = program
  .command('audit')
  .description('what the operator did and the integrity module ordered: <name>-control, chained and signed');

configured(audit.command('list'))
  .description('show every act, with its reason')
  .option('--json', 'print one JSON object', false)
  .addHelpText('after', '\nExample:\n  npm run -s coordinator -- audit list --config config/local.toml')
  .action(async ({ config, set, json }: Configured & { json: boolean }) => {
    const { listAudit } = await import('./commands/audit.ts');
    await listAudit(loadConfig(config, process.env, set), { json });
    process.exit(0);
  });

configured(audit.command('verify'))
  .description('prove that no act is missing, doubled, moved, changed or forged')
  .option('--json', 'print one JSON object', false)
  .addHelpText(
    'after',
    '\nExits with 0 when all is proven, with 1 otherwise.\nExample:\n  npm run -s coordinator -- audit verify --config config/local.toml',
  )
  .action(async ({ config, set, json }: Configured & { json: boolean }) => {
    const { verifyTopic } = await import('./commands/verify.ts');
    process.exit((await verifyTopic(loadConfig(config, process.env, set), 'control', { json })) ? 0 : EXIT.failed);
  });

configured(audit.command('export'))
  .description('write the whole log to a file, a JSON object a line, with the signatures')
  .argument('<file>', 'the file to write')
  .addHelpText('after', '\nExample:\n  npm run -s coordinator -- audit export audit.jsonl --config config/local.toml')
  .action(async (file: string, { config, set }: Configured) => {
    const { exportAudit } = await import('./commands/audit.ts');
    await exportAudit(loadConfig(config, process.env, set), file);
    process.exit(0);
  });

const decode = program.command('decode').description("what the chain's bytes say");
const decodable = (what: string, description: string, example: string): Command =>
  decode
    .command(what)
    .description(description)
    .requiredOption('--metadata <file>', "the runtime's metadata, as state_getMetadata answers it: hex or bytes")
    .requiredOption('--hex <bytes>', 'the bytes', bytes)
    .option('--json', 'print JSON', false)
    .addHelpText('after', `\nExample:\n  npm run -s coordinator -- decode ${what} --metadata metadata.hex --hex ${example} --json`);
decodable('events', 'print the events that a value of System.Events holds', '0x04020600050000000100').action(
  async (options: DecodeCommand) => (await import('./commands/decode.ts')).decodeEvents(options),
);
decodable('extrinsic', 'print the call of an extrinsic, and who signed it', '0x00000b0068e5cf8b0100').action(
  async (options: DecodeCommand) => (await import('./commands/decode.ts')).decodeExtrinsic(options),
);

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
    '\nExamples:\n  npm run -s coordinator -- party explain --sign-id Bitcoin/0/batch/3/128 --config config/local.toml\n  npm run -s coordinator -- party explain --sign-id Bitcoin/0/batch/3/64 --config config/local.toml --json > party.json\n  npm run -s coordinator -- party explain --evidence party.json',
  )
  .action(async (options: Partial<Configured> & { signId?: SignId; anchor?: number; evidence?: string; json: boolean }) => {
    const { explainFromFile, explainFromRecords } = await import('./commands/explain.ts');
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
    const { listEvidence } = await import('./commands/evidence.ts');
    await listEvidence(loadConfig(config, process.env, set), { json });
    process.exit(0);
  });

configured(evidence.command('export'))
  .description('print one piece of evidence as a file that others can check')
  .argument('<offset-or-id>', 'as evidence list names it')
  .addHelpText('after', '\nExample:\n  npm run -s coordinator -- evidence export 17 --config config/local.toml > evidence.json')
  .action(async (asked: string, { config, set }: Configured) => {
    const { exportEvidence } = await import('./commands/evidence.ts');
    await exportEvidence(loadConfig(config, process.env, set), asked);
    process.exit(0);
  });

evidence
  .command('check')
  .description("check a file of evidence with the validators' public keys alone; exit 1 where it proves nothing")
  .argument('<file>', 'as evidence export writes it')
  .option('--json', 'print one JSON object', false)
  .action(async (file: string, { json }: { json: boolean }) => {
    const { checkEvidenceFile } = await import('./commands/evidence.ts');
    await checkEvidenceFile(file, { json });
  });

party
  .command('draw')
  .description('print the party a block hash draws')
  .requiredOption('--block-hash <hex>', 'hash of the seed block', blockHash)
  .requiredOption('--validators <n>', 'key shares of the set', whole(1, 65_535))
  .requiredOption('--threshold <t>', 'shares to draw', whole(1, 65_535))
  .option('--stream <s>', "the generator's stream", stream, 0n)
  .option('--json', 'print {"party":[…]}', false)
  .addHelpText(
    'after',
    `\nExample:\n  npm run -s coordinator -- party draw --block-hash 0x${'00'.repeat(32)} --validators 4 --threshold 3 --json`,
  )
  .action(printDraw);

addDataCommands(program);

program.parseAsync().catch(die);
