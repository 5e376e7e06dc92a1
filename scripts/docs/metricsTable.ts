import { Registry } from 'prom-client';
import { STATUS_METRICS } from '../../src/domain/health/metrics.ts';
import { peerMetrics } from '../../src/modules/peerMetrics.ts';
import { traceMetrics } from '../../src/modules/traceMetrics.ts';

const NOBODY = { self: '0x', listens: [], height: 0, peers: [], refused: {}, stopped: null } as const;

/** Every metric of ours as rows of a table in Markdown: its name, its type, what it says. */
export const metricsTable = async (): Promise<string> => {
  const registry = new Registry();
  peerMetrics(registry, () => NOBODY);
  traceMetrics(registry, () => ({ exported: 0, failed: 0, dropped: 0 }));
  const ofStatus = STATUS_METRICS.map(({ name, help }) => ({ name: `serai_coordinator_${name}`, type: 'gauge', help }));
  const all = [...ofStatus, ...(await registry.getMetricsAsJSON())];
  return ['| metric | type | what |', '|---|---|---|', ...all.map(({ name, type, help }) => `| \`${name}\` | ${type} | ${help} |`)].join(
    '\n',
  );
};
