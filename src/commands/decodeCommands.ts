import type { Command } from 'commander';
import { bytes } from './arguments.ts';
import type { DecodeCommand } from './decode.ts';
import { examples } from './examples.ts';

/** The chain's bytes: `decode`. */
export const addDecodeCommands = (program: Command): void => {
  const decode = program.command('decode').description("what the chain's bytes say");
  const decodable = (what: string, description: string, example: string): Command =>
    decode
      .command(what)
      .description(description)
      .requiredOption('--metadata <file>', "the runtime's metadata, as state_getMetadata answers it: hex or bytes")
      .requiredOption('--hex <bytes>', 'the bytes', bytes)
      .option('--json', 'print JSON', false)
      .addHelpText('after', examples(`decode ${what} --metadata metadata.hex --hex ${example} --json`));
  decodable('events', 'print the events that a value of System.Events holds', '0x04020600050000000100').action(
    async (options: DecodeCommand) => (await import('./decode.ts')).decodeEvents(options),
  );
  decodable('extrinsic', 'print the call of an extrinsic, and who signed it', '0x00000b0068e5cf8b0100').action(
    async (options: DecodeCommand) => (await import('./decode.ts')).decodeExtrinsic(options),
  );
};
