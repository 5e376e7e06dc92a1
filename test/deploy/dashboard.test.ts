import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dashboard } from '../../scripts/docs/dashboard.ts';
import { knownMetrics, metricsIn, ourMetrics } from '../support/metricNames.ts';
import { promtool } from '../support/promtool.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

const text = readFileSync(new URL('../../deploy/grafana/dashboards/coordinator.json', import.meta.url), 'utf8');
const { panels } = JSON.parse(text) as { readonly panels: readonly Panel[] };
const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

it('is what scripts/docs/dashboard.ts makes: npm run docs', () => {
  expect(text).toBe(dashboard());
});

it('has a panel for every metric of ours', () => {
  const shown = new Set(expressions.flatMap(metricsIn));
  expect(ourMetrics.filter((name) => !shown.has(name))).toEqual([]);
});

it('asks for no metric that there is not', async () => {
  const known = await knownMetrics();
  expect(expressions.flatMap(metricsIn).filter((name) => !known.includes(name))).toEqual([]);
});

it('groups panels in rows, says what each shows, and lays none over another', () => {
  expect(panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual([
    ...['Health', 'Pipeline', 'Signing', 'Peers', 'Solvency', 'Backups', 'Process'],
  ]);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, at) => `${String(x + (at % w))}/${String(y + Math.floor(at / w))}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  for (const { type, description, gridPos, targets } of panels) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    if (type !== 'row') expect([description?.endsWith('.'), (targets ?? []).length > 0]).toEqual([true, true]);
  }
});

it.skipIf(promtool === undefined)('asks in expressions that Prometheus understands', () => {
  const rules = expressions.map((expr, at) => ({ record: `r${String(at)}`, expr: expr.replaceAll('$__rate_interval', '1m') }));
  const file = join(mkdtempSync(join(tmpdir(), 'dashboard-')), 'rules.yml');
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
  const { status, stderr } = spawnSync(promtool ?? '', ['check', 'rules', file], { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
});
