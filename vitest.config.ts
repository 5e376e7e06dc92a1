import { defineConfig } from 'vitest/config';

/** Fetches the jars of the Kafka broker once. */
const globalSetup = ['./test/support/kafkaJars.ts'];

/** Keeps a known line of @polkadot/types off the console. */
const setupFiles = ['./test/support/quiet.ts'];

const unit = [
  'operators',
  'envelope',
  'domain',
  'pipelines',
  'properties',
  'devnet',
  'core',
  'data',
  'drivers',
  'modules',
  'commands',
  'docs',
  'deploy',
];

export default defineConfig({
  test: {
    // Most tests wait for brokers, sockets and blocks: one more worker than Vitest takes of two cores.
    maxWorkers: 2,
    reporters: ['default', './test/support/leftOut.ts'],
    projects: [
      { test: { name: 'unit', setupFiles, include: [`test/{${unit.join(',')}}/**/*.test.ts`], testTimeout: 30_000 } },
      { test: { name: 'contract', setupFiles, include: ['test/contracts/**/*.test.ts'], testTimeout: 30_000 } },
      {
        test: {
          name: 'integration',
          setupFiles,
          globalSetup,
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'e2e',
          setupFiles,
          globalSetup,
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
