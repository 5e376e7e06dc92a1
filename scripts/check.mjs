// Runs every check, whatever the others say, and sums up in one line each.
import { spawnSync } from 'node:child_process';

const checks = {
  types: ['tsc', '--noEmit'],
  lint: ['eslint', '--max-warnings', '0', 'src', 'test', 'bench', 'scripts'],
  format: ['biome', 'check', 'src', 'test', 'bench', 'scripts'],
  boundaries: ['depcruise', '--config', '.dependency-cruiser.cjs', 'src'],
  'dead code': ['knip'],
};

const results = Object.entries(checks).map(([name, [program, ...args]]) => {
  console.log(`\n— ${name}: ${program} ${args.join(' ')}`);
  const { status, error } = spawnSync(program, args, { stdio: 'inherit', shell: process.platform === 'win32' });
  if (error) console.error(error.message);
  return { name, passed: status === 0 };
});

console.log();
for (const { name, passed } of results) console.log(`${passed ? 'passed' : 'FAILED'}  ${name}`);
process.exit(results.every(({ passed }) => passed) ? 0 : 1);
