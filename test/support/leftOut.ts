import { spawnSync } from 'node:child_process';
import type { Reporter, TestModule } from 'vitest/node';
import { chromium } from './browser.ts';
import { goldenPresent } from './golden.ts';
import { promtool } from './promtool.ts';
import { systemdAnalyze } from './systemdAnalyze.ts';

const has = (program: string, argument: string): boolean => spawnSync(program, [argument], { stdio: 'ignore' }).status === 0;

const skippedIn = (modules: readonly TestModule[]): number =>
  modules.reduce((sum, { children }) => sum + [...children.allTests('skipped')].length, 0);

/** Names at the end, in one line, what this machine could not run and why; where CI is set that fails the run. */
export default class LeftOut implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const ran = new Set(modules.map(({ project }) => project.name));
    const skipped = skippedIn(modules);
    const missing = [
      ...(goldenPresent ? [] : ['tests against the recorded bytes of Serai (no ../shared/serai-golden)']),
      ...(!ran.has('integration') || (has('java', '-version') && has('mvn', '-v'))
        ? []
        : ['tests against a real Kafka broker (no Java 17 or Maven)']),
      ...(!ran.has('integration') || has('openssl', 'version') ? [] : ['tests of Kafka with TLS and SASL (no openssl)']),
      ...(!ran.has('unit') || has('python3', '--version') ? [] : ['the second implementation of the protocol (no Python 3)']),
      ...(!ran.has('e2e') || chromium !== undefined ? [] : ['tests of the page in a browser (no Chromium)']),
      ...(!ran.has('unit') || promtool !== undefined ? [] : ['tests of the alert rules (no promtool)']),
      ...(!ran.has('unit') || systemdAnalyze !== undefined ? [] : ['tests of the systemd unit (no systemd-analyze)']),
      ...(skipped === 0 ? [] : [`${String(skipped)} tests skipped in all`]),
    ];
    console.log(missing.length === 0 ? 'left out: nothing' : `left out: ${missing.join('; ')}`);
    if (missing.length > 0 && process.env['CI'] === 'true') process.exitCode = 1;
  }
}
