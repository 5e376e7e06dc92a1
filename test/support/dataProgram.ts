import { Command } from 'commander';
import { vi } from 'vitest';
import { addDataCommands } from '../../src/commands/dataCommands.ts';
import { exitCodeOf } from '../../src/core/exitCodes.ts';
import type { Ended } from './devnetProcess.ts';

/** Runs a command of the data module here, without a process of its own. */
export const runDataCommand = async (...args: string[]): Promise<Ended> => {
  const said = { stdout: '', stderr: '' };
  const take =
    (stream: 'stdout' | 'stderr') =>
    (text: string | Uint8Array): boolean => {
      said[stream] += String(text);
      return true;
    };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(take('stdout')),
    vi.spyOn(process.stderr, 'write').mockImplementation(take('stderr')),
  ];
  const program = new Command().exitOverride();
  addDataCommands(program);
  try {
    await program.parseAsync(args, { from: 'user' });
    return { code: Number(process.exitCode ?? 0), ...said };
  } catch (error) {
    return {
      code: exitCodeOf(error),
      stdout: said.stdout,
      stderr: `${said.stderr}error: ${error instanceof Error ? error.message : String(error)}\n`,
    };
  } finally {
    process.exitCode = 0;
    for (const spy of spies) spy.mockRestore();
  }
};
