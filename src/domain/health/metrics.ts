import type { Stage } from './readiness.ts';

const quoted = (text: string): string => `"${text.replaceAll(/[\\"\n]/g, (letter) => (letter === '\n' ? '\\n' : `\\${letter}`))}"`;

/** The stages as Prometheus reads them (text format 0.0.4): what waits in each, and how many seconds ago it moved. */
export const metricsText = (stages: readonly Stage[], now: number): string => {
  const seconds = ({ movedAt }: Stage): string => String(Math.max(0, (now - movedAt) / 1000));
  const lines = [
    '# HELP serai_coordinator_stage_waiting What waits in a stage of work.',
    '# TYPE serai_coordinator_stage_waiting gauge',
    ...stages.map((stage) => `serai_coordinator_stage_waiting{stage=${quoted(stage.name)}} ${String(stage.waiting)}`),
    '# HELP serai_coordinator_stage_idle_seconds Seconds since a stage of work last moved.',
    '# TYPE serai_coordinator_stage_idle_seconds gauge',
    ...stages.map((stage) => `serai_coordinator_stage_idle_seconds{stage=${quoted(stage.name)}} ${seconds(stage)}`),
  ];
  for (const name of new Set(stages.flatMap(({ metric }) => metric ?? []))) {
    lines.push(`# TYPE serai_coordinator_${name} gauge`);
    for (const stage of stages.filter(({ metric }) => metric === name))
      lines.push(`serai_coordinator_${name}{stage=${quoted(stage.name)}} ${seconds(stage)}`);
  }
  return `${lines.join('\n')}\n`;
};
