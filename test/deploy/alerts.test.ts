import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { knownMetrics, metricsIn } from '../support/metricNames.ts';
import { promtool } from '../support/promtool.ts';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook: string };
}

interface Case {
  readonly name: string;
  readonly promql_expr_test: readonly { readonly exp_samples: readonly { readonly labels: string }[] }[];
}

const folder = new URL('../../deploy/prometheus/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
const { groups } = parse(read('alerts.yml')) as { readonly groups: readonly { readonly rules: readonly Alert[] }[] };
const { tests } = parse(read('alerts.test.yml')) as { readonly tests: readonly Case[] };
const alerts = groups.flatMap(({ rules }) => rules);
const headings = readFileSync(new URL('../../docs/runbook.md', folder), 'utf8').match(/^## .+$/gm) ?? [];

/** The alerts that fire at each moment of a case. */
const firing = ({ promql_expr_test: moments }: Case): string[][] =>
  moments.map(({ exp_samples: samples }) => samples.map(({ labels }) => /alertname="(\w+)"/.exec(labels)?.[1] ?? labels));

describe('alert rules', () => {
  it('have names of their own', () => {
    expect(alerts.length).toBeGreaterThan(20);
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
  });

  it.each(alerts)('$alert has a severity, words, and a heading in the runbook', ({ alert, labels, annotations }) => {
    expect(['critical', 'warning', 'info']).toContain(labels.severity);
    expect(annotations.summary).toMatch(/^\S.+[^,]$/);
    expect(annotations.description.length).toBeGreaterThan(40);
    expect(annotations.runbook).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
    expect(headings).toContain(`## ${alert}`);
  });

  it.each(alerts)('$alert asks for metrics that there are', async ({ expr }) => {
    const known = await knownMetrics();
    const asked = metricsIn(expr);
    expect(asked.length).toBeGreaterThan(0);
    for (const metric of asked) expect([...known, 'up']).toContain(metric);
  });

  it.each(alerts)('$alert fires in a case of alerts.test.yml, after a moment at which it does not', ({ alert }) => {
    expect(
      tests.some((one) => {
        const at = firing(one).findIndex((names) => names.includes(alert));
        return at > 0;
      }),
    ).toBe(true);
  });

  it('are silent, all of them, while all is well', () => {
    expect(firing(tests[0] ?? { name: '', promql_expr_test: [] })).toEqual([[]]);
  });

  it('the runbook has headings for no alert that there is not', () => {
    const known = alerts.map(({ alert }) => `## ${alert}`);
    for (const heading of headings.filter((one) => one.startsWith('## Serai'))) expect(known).toContain(heading);
  });
});

describe.skipIf(promtool === undefined)('promtool', () => {
  const run = (...args: string[]): { readonly status: number | null; readonly said: string } => {
    const { status, stdout, stderr } = spawnSync(promtool ?? '', args, { cwd: folder, encoding: 'utf8' });
    return { status, said: stdout + stderr };
  };

  it.each(['prometheus.yml', '../docker/prometheus.yml'])('finds no fault with the rules and the configuration %s', (file) => {
    expect(run('check', 'config', file)).toMatchObject({ status: 0, said: expect.stringContaining('SUCCESS') as string });
  });

  it('sees every alert fire when it should, and no other', () => {
    const { status, said } = run('test', 'rules', 'alerts.test.yml');
    expect(status, said).toBe(0);
  }, 120_000);
});
