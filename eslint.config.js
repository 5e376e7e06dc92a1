import { defineConfig } from 'eslint/config';
import rxjs from 'eslint-plugin-rxjs-x';
import tseslint from 'typescript-eslint';

const bannedInPipelines = {
  switchMap: 'cancels work in flight',
  exhaustMap: 'drops without settling',
  filter: 'drops without settling: use keep',
  take: 'drops without settling',
  groupBy: 'loses values of groups that wait',
  shareReplay: 'keeps its source alive: use an operator of ours',
};

export default defineConfig(
  { ignores: ['node_modules/', '.devnet/'] },
  {
    files: ['src/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts', 'vitest.config.ts'],
    extends: [...tseslint.configs.strictTypeChecked, rxjs.configs.strict],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'rxjs-x/finnish': 'off',
      'rxjs-x/throw-error': ['error', { allowThrowingUnknown: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['src/pipelines/**/*.ts'],
    rules: { 'rxjs-x/ban-operators': ['error', bannedInPipelines] },
  },
);
