/** A value of a panel: what is asked of Prometheus, and what it is called. */
type Target = readonly [expression: string, legend: string];

interface Panel {
  readonly title: string;
  /** What to know when reading it. */
  readonly text: string;
  readonly targets: readonly Target[];
  /** Grafana's name of a unit; `short` where it is not given. */
  readonly unit?: string;
  /** How it is drawn; as lines over time where it is not given. */
  readonly as?: 'stat' | 'bars';
  /** The value from which on it is bad; with `good`, at which it is well. */
  readonly bad?: number;
  readonly good?: number;
  /** Of 24 columns. */
  readonly width: number;
}

interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** A metric of the coordinators that are chosen. */
const own = (name: string, more = ''): string => `serai_coordinator_${name}{instance=~"$instance"${more}}`;
const ofProcess = (name: string): string => `${name}{instance=~"$instance"}`;
const perSecond = (name: string): string => `rate(${own(name)}[$__rate_interval])`;
/** A public key is long; its beginning tells peers apart. */
const byPeer = (expression: string): string => `label_replace(${expression}, "short", "$1", "peer", "(.{10}).*")`;

const ROWS: readonly Row[] = [
  {
    title: 'Health',
    panels: [
      {
        title: 'Ready',
        text: 'Every stage that has work makes progress.',
        targets: [[own('ready'), '{{instance}}']],
        as: 'stat',
        good: 1,
        width: 4,
      },
      {
        title: 'Behind the chain',
        text: 'Age of the finalized block that was decided on last.',
        targets: [[own('decided_age_seconds'), '{{instance}}']],
        unit: 's',
        as: 'stat',
        bad: 120,
        width: 4,
      },
      {
        title: 'Stopped',
        text: 'Pauses and halts in force.',
        targets: [[`sum by (instance) (${own('stops')}) or 0 * ${own('ready')}`, '{{instance}}']],
        as: 'stat',
        bad: 1,
        width: 4,
      },
      {
        title: 'Quarantine',
        text: 'The store was rolled back; nothing is begun.',
        targets: [[own('quarantine'), '{{instance}}']],
        as: 'stat',
        bad: 1,
        width: 4,
      },
      {
        title: 'Dead letters',
        text: 'Records that nothing was done about.',
        targets: [[own('dead_letters_open'), '{{instance}}']],
        as: 'stat',
        bad: 1,
        width: 4,
      },
      { title: 'Version', text: 'Of the software.', targets: [[own('build_info'), '{{version}}']], as: 'stat', width: 4 },
    ],
  },
  {
    title: 'Pipeline',
    panels: [
      {
        title: 'Heights',
        text: 'The last block observed, and the last one decided on; between them is Kafka.',
        targets: [
          [own('observed_height'), 'observed'],
          [own('decided_height'), 'decided'],
        ],
        width: 8,
      },
      { title: 'Waiting', text: 'What waits in each stage.', targets: [[`${own('stage_waiting')} > 0`, '{{stage}}']], width: 8 },
      {
        title: 'Waiting for',
        text: 'How long nothing has left a stage in which something waits.',
        targets: [[`${own('stage_idle_seconds')} and ${own('stage_waiting')} > 0`, '{{stage}}']],
        unit: 's',
        bad: 10,
        width: 8,
      },
      {
        title: 'Standing still',
        text: 'Stages that have work which nothing leaves; /health/ready says why.',
        targets: [[own('stage_stuck'), '{{stage}}']],
        as: 'bars',
        bad: 1,
        width: 8,
      },
      {
        title: 'Findings',
        text: 'What doctor would find, by check and verdict: 1 while it is so.',
        targets: [[own('finding'), '{{check}} {{verdict}}']],
        as: 'bars',
        width: 8,
      },
      {
        title: 'Block that cannot be read',
        text: '1 while a block is parked.',
        targets: [[own('chain_parked'), '{{instance}}']],
        as: 'stat',
        bad: 1,
        width: 8,
      },
    ],
  },
  {
    title: 'Signing',
    panels: [
      {
        title: 'Open',
        text: 'Batches, plans and slash reports that are not signed yet.',
        targets: [[own('signables_open'), '{{instance}}']],
        width: 6,
      },
      {
        title: 'Windows so far',
        text: 'The highest window something open has come to; with everyone present it is 0.',
        targets: [[own('signable_window_max'), '{{instance}}']],
        bad: 6,
        width: 6,
      },
      {
        title: 'Next batch',
        text: 'By network; it rises as batches are executed.',
        targets: [[own('next_batch'), '{{network}}']],
        width: 6,
      },
      {
        title: 'Networks stopped',
        text: '1 where nothing new is signed.',
        targets: [[own('network_stopped'), '{{network}}']],
        as: 'stat',
        bad: 1,
        width: 6,
      },
      { title: 'Sets', text: 'That we are a member of.', targets: [[own('sets'), '{{network}}: {{state}}']], as: 'bars', width: 8 },
      {
        title: 'Key generation',
        text: 'The attempt, while it lasts, counted from 0.',
        targets: [[own('key_generation_attempt'), '{{network}}/{{session}}']],
        bad: 2,
        width: 8,
      },
      {
        title: 'Why it is stopped',
        text: 'Pauses and halts in force.',
        targets: [[own('stops'), '{{scope}}: {{code}}']],
        as: 'bars',
        bad: 1,
        width: 8,
      },
    ],
  },
  {
    title: 'Peers',
    panels: [
      {
        title: 'Key shares linked',
        text: 'Ours and those of validators with a link, against how many sign.',
        targets: [
          [own('set_shares_linked'), '{{network}}/{{session}} linked'],
          [own('set_shares_needed'), '{{network}}/{{session}} needed'],
        ],
        width: 8,
      },
      {
        title: 'Links by state',
        text: 'Peers by the state of the link to them.',
        targets: [[own('peers'), '{{state}}']],
        as: 'bars',
        width: 8,
      },
      {
        title: 'Linked, as they say',
        text: 'How many peers we have a link to, and how many have told within the last minute how they see theirs to us.',
        targets: [
          [`sum by (instance) (${own('peer_connected')})`, 'we say'],
          [`sum by (instance) (${own('peer_connected_by_peer')})`, 'they say'],
        ],
        width: 8,
      },
      {
        title: 'Round trip',
        text: 'To each peer and back.',
        targets: [[byPeer(own('peer_round_trip_seconds')), '{{short}}']],
        unit: 's',
        width: 8,
      },
      {
        title: 'Waiting for peers',
        text: 'Messages that were not acknowledged.',
        targets: [[byPeer(own('peer_queue_messages')), '{{short}}']],
        width: 8,
      },
      {
        title: 'Beyond quota',
        text: 'Peers that are not read just now.',
        targets: [[byPeer(`${own('peer_throttled')} == 1`), '{{short}}']],
        as: 'bars',
        bad: 1,
        width: 8,
      },
      {
        title: 'Messages',
        text: 'Per second, sent and received.',
        targets: [
          [`sum by (instance) (${perSecond('peer_sent_messages_total')})`, 'sent'],
          [`sum by (instance) (${perSecond('peer_received_messages_total')})`, 'received'],
        ],
        unit: 'cps',
        width: 6,
      },
      {
        title: 'Bytes',
        text: 'Per second, sent and received.',
        targets: [
          [`sum by (instance) (${perSecond('peer_sent_bytes_total')})`, 'sent'],
          [`sum by (instance) (${perSecond('peer_received_bytes_total')})`, 'received'],
        ],
        unit: 'Bps',
        width: 6,
      },
      {
        title: 'Links made and lost',
        text: 'Within an hour.',
        targets: [
          [byPeer(`increase(${own('peer_links_total')}[1h])`), '{{short}} made'],
          [byPeer(`increase(${own('peer_failures_total')}[1h])`), '{{short}} failed'],
        ],
        width: 6,
      },
      {
        title: 'Refused',
        text: 'Connections and certificates of others, within an hour.',
        targets: [[`increase(${own('peers_refused_total')}[1h])`, '{{code}}']],
        width: 6,
      },
    ],
  },
  {
    title: 'Solvency',
    panels: [
      { title: 'Verdict', text: 'Of each coin.', targets: [[own('solvency_state'), '{{coin}}: {{state}}']], as: 'stat', width: 6 },
      {
        title: 'Difference',
        text: "What vaults hold beyond what they must, in the coin's smallest unit.",
        targets: [[own('solvency_difference'), '{{coin}}']],
        width: 6,
      },
      {
        title: 'Vault and required',
        text: "In the coin's smallest unit.",
        targets: [
          [own('solvency_vault'), '{{coin}} vault'],
          [own('solvency_required'), '{{coin}} required'],
        ],
        width: 6,
      },
      {
        title: 'Breaches in a row',
        text: 'After solvency.breaches of them the network is halted.',
        targets: [[own('solvency_breaches'), '{{coin}}']],
        bad: 1,
        width: 6,
      },
    ],
  },
  {
    title: 'Backups',
    panels: [
      {
        title: 'Since the latest was found whole',
        text: 'By store.',
        targets: [[own('backup_last_verified_seconds'), '{{module}}']],
        unit: 's',
        bad: 46_800,
        width: 12,
      },
      {
        title: 'Failing',
        text: '1 where the last try failed, or none was made yet.',
        targets: [[own('backup_failing'), '{{module}}']],
        as: 'stat',
        bad: 1,
        width: 12,
      },
    ],
  },
  {
    title: 'Process',
    panels: [
      {
        title: 'Processor time',
        text: 'Cores in use.',
        targets: [[`rate(${ofProcess('process_cpu_seconds_total')}[$__rate_interval])`, '{{instance}}']],
        width: 6,
      },
      {
        title: 'Memory',
        text: 'Resident.',
        targets: [[ofProcess('process_resident_memory_bytes'), '{{instance}}']],
        unit: 'bytes',
        bad: 2e9,
        width: 6,
      },
      {
        title: 'Event loop',
        text: 'By how much it is late, in one of a hundred cases.',
        targets: [[ofProcess('nodejs_eventloop_lag_p99_seconds'), '{{instance}}']],
        unit: 's',
        bad: 1,
        width: 6,
      },
      {
        title: 'Up for',
        text: 'Since the last start.',
        targets: [[`time() - ${ofProcess('process_start_time_seconds')}`, '{{instance}}']],
        unit: 's',
        as: 'stat',
        width: 6,
      },
      {
        title: 'Spans of traces',
        text: 'Exported, not taken by the endpoint, or dropped because too many waited; none without [tracing].',
        targets: [[perSecond('trace_spans_total'), '{{outcome}}']],
        unit: 'ops',
        width: 12,
      },
    ],
  },
];

const DATASOURCE = { type: 'prometheus', uid: '$datasource' };
const HEIGHT = 7;

const thresholds = ({ bad, good }: Panel): object => {
  if (good !== undefined)
    return {
      mode: 'absolute',
      steps: [
        { color: 'red', value: null },
        { color: 'green', value: good },
      ],
    };
  return { mode: 'absolute', steps: [{ color: 'green', value: null }, ...(bad === undefined ? [] : [{ color: 'red', value: bad }])] };
};

/** How a panel is drawn: the whole of it coloured, or lines with the bound drawn in. */
const drawn = (panel: Panel): { readonly type: string; readonly custom: object; readonly options: object } => {
  if (panel.as === 'stat')
    return {
      type: 'stat',
      custom: {},
      options: {
        reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
        colorMode: 'background',
        graphMode: 'none',
        textMode: 'value_and_name',
      },
    };
  return {
    type: 'timeseries',
    custom: {
      ...(panel.as === 'bars'
        ? { drawStyle: 'bars', fillOpacity: 60, stacking: { mode: 'normal', group: 'A' } }
        : { drawStyle: 'line', fillOpacity: 8 }),
      thresholdsStyle: { mode: panel.bad === undefined ? 'off' : 'dashed' },
    },
    options: { legend: { displayMode: 'list', placement: 'bottom', showLegend: true }, tooltip: { mode: 'multi', sort: 'desc' } },
  };
};

const panelOf = (panel: Panel, id: number, x: number, y: number): object => {
  const { type, custom, options } = drawn(panel);
  return {
    ...{ id, type, title: panel.title, description: panel.text, datasource: DATASOURCE },
    gridPos: { x, y, w: panel.width, h: panel.as === 'stat' ? 5 : HEIGHT },
    fieldConfig: {
      defaults: {
        unit: panel.unit ?? 'short',
        custom,
        thresholds: thresholds(panel),
        color: { mode: panel.as === 'stat' ? 'thresholds' : 'palette-classic' },
      },
      overrides: [],
    },
    options,
    targets: panel.targets.map(([expr, legendFormat], at) => ({
      refId: String.fromCharCode(65 + at),
      datasource: DATASOURCE,
      expr,
      legendFormat,
    })),
  };
};

/** Places rows below one another, and their panels beside each other while there is room in 24 columns. */
const placed = (): object[] => {
  const all: object[] = [];
  let y = 0;
  for (const { title, panels } of ROWS) {
    all.push({ id: all.length + 1, type: 'row', title, collapsed: false, gridPos: { x: 0, y, w: 24, h: 1 }, panels: [] });
    y += 1;
    let x = 0;
    for (const panel of panels) {
      if (x + panel.width > 24) {
        x = 0;
        y += HEIGHT;
      }
      all.push(panelOf(panel, all.length + 1, x, y));
      x += panel.width;
    }
    y += HEIGHT;
  }
  return all;
};

/** The dashboard for Grafana, as deploy/grafana/dashboards has it: `npm run docs`. */
export const dashboard = (): string =>
  `${JSON.stringify(
    {
      ...{
        uid: 'serai-coordinator',
        title: 'Serai coordinator',
        tags: ['serai'],
        schemaVersion: 39,
        version: 1,
        editable: true,
        graphTooltip: 1,
      },
      ...{ refresh: '15s', time: { from: 'now-3h', to: 'now' }, timezone: 'browser' },
      templating: {
        list: [
          { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', current: {}, hide: 0 },
          {
            ...{ name: 'instance', label: 'Coordinator', type: 'query', datasource: DATASOURCE, refresh: 2, sort: 1, hide: 0 },
            ...{
              query: { query: 'label_values(serai_coordinator_build_info, instance)', refId: 'instance' },
              multi: true,
              includeAll: true,
              allValue: '.+',
              current: {},
            },
          },
        ],
      },
      annotations: {
        list: [
          {
            ...{
              name: 'Alerts',
              datasource: DATASOURCE,
              enable: true,
              iconColor: 'red',
              titleFormat: '{{alertname}}',
              textFormat: '{{severity}}',
            },
            expr: 'ALERTS{alertstate="firing",alertname=~"Serai.+"}',
          },
        ],
      },
      panels: placed(),
    },
    null,
    2,
  )}\n`;
