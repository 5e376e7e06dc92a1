import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';

/** Whether a program is there and answers to an argument. */
export const has = (program: string, argument: string): boolean => spawnSync(program, [argument], { stdio: 'ignore' }).status === 0;

/** Whether this machine can run a real broker. */
export const brokerPossible: boolean = has('java', '-version') && has('mvn', '-v');

/** Where the broker's jars are. */
export const JARS: string = resolve('node_modules/.cache/kafka-4.1.2-cloudevents-4.0.1');

/** Fetches the broker's jars with Maven, once for all test files; whole or not at all. */
export default (): void => {
  if (!brokerPossible || existsSync(JARS)) return;
  const made = `${JARS}.${String(process.pid)}`;
  const args = ['-q', '-B', '-f', 'test/support/kafka/pom.xml', 'dependency:copy-dependencies', '-DincludeScope=runtime'];
  execFileSync('mvn', [...args, `-DoutputDirectory=${made}`]);
  try {
    renameSync(made, JARS);
  } catch (error) {
    // Another run was first.
    rmSync(made, { recursive: true, force: true });
    if (!existsSync(JARS)) throw error;
  }
};
