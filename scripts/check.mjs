// Runs every check, whatever the others say, and sums up.
import { spawnSync } from 'node:child_process';

const checks = {
  types: ['tsc', '--noEmit'],
  lint: ['eslint', '--max-warnings', '0', 'src', 'test', 'bench'],
  format: ['biome', 'check', 'src', 'test', 'bench', 'scripts'],
  boundaries: ['depcruise', '--config', '.dependency-cruiser.cjs', 'src'],
  'dead code': ['knip'],
};

const failed = Object.entries(checks).filter(([name, [program, ...args]]) => {
  console.log(`\n— ${name}: ${program} ${args.join(' ')}`);
  return spawnSync(program, args, { stdio: 'inherit', shell: process.platform === 'win32' }).status !== 0;
});

console.log(failed.length === 0 ? '\nall checks passed' : `\nfailed: ${failed.map(([name]) => name).join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);
