import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Reporter } from 'vitest/node';

const has = (program: string, argument: string): boolean => spawnSync(program, [argument], { stdio: 'ignore' }).status === 0;

const golden = fileURLToPath(new URL('../../../shared/serai-golden/', import.meta.url));

/** Names at the end, in one line, what this machine could not run and why; where CI is set that fails the run. */
export default class LeftOut implements Reporter {
  onTestRunEnd(): void {
    const missing = [
      ...(existsSync(golden) ? [] : ['tests against the recorded bytes of Serai (no ../shared/serai-golden)']),
      ...(has('java', '-version') && has('mvn', '-v') ? [] : ['tests against a real Kafka broker (no Java 17 or Maven)']),
    ];
    console.log(missing.length === 0 ? 'left out: nothing' : `left out: ${missing.join('; ')}`);
    if (missing.length > 0 && process.env['CI'] === 'true') process.exitCode = 1;
  }
}
