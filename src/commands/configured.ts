import { type Command, Option } from 'commander';
import { collect } from './arguments.ts';

/** What commands that work on a configured deployment are given. */
export interface Configured {
  readonly config: string;
  readonly set: readonly string[];
}

/** What commands that work on a configured deployment have in common. */
export const configured = (command: Command): Command =>
  command
    .requiredOption('--config <file>', 'configuration file')
    .addOption(new Option('--set <section.key=value>', 'override a key of the file; may be given again').argParser(collect).default([]));
