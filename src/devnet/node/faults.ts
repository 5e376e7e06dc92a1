/** What the simulated node can do wrong on purpose, and how an operator says so. */
export interface Faults {
  /** Two of three finalized heads are not notified. */
  skipHeads: boolean;
  /** Every finalized head is notified twice, with one from before in between. */
  repeatHeads: boolean;
  /** Best heads that finality never reaches are notified and given out by height. */
  forks: boolean;
  /** No more blocks are made. */
  stall: boolean;
  /** Connections break in the middle of every fiftieth answer. */
  disconnect: boolean;
  /** Milliseconds an answer takes. */
  slow: number;
  /** Every tenth question about a block is answered for its parent. */
  wrongBlock: boolean;
  /** It says that it is syncing. */
  syncing: boolean;
  /** The first block from this height on upgrades the runtime, once; 0 for none. */
  runtimeUpgrade: number;
  /** The next batch is executed with other instructions than were signed. */
  alterBatch: boolean;
}

/** A node that behaves. */
export const noFaults = (): Faults => ({
  skipHeads: false,
  repeatHeads: false,
  forks: false,
  stall: false,
  disconnect: false,
  slow: 0,
  wrongBlock: false,
  syncing: false,
  runtimeUpgrade: 0,
  alterBatch: false,
});

/** The faults by the names they are switched with. */
export const FAULTS = {
  'skip-heads': 'skipHeads',
  'repeat-heads': 'repeatHeads',
  forks: 'forks',
  stall: 'stall',
  disconnect: 'disconnect',
  slow: 'slow',
  'wrong-block': 'wrongBlock',
  syncing: 'syncing',
  'runtime-upgrade': 'runtimeUpgrade',
  'alter-batch': 'alterBatch',
} as const satisfies Readonly<Record<string, keyof Faults>>;
export type FaultName = keyof typeof FAULTS;

/** Milliseconds of `slow` where it is only switched on. */
const SLOW = 300;

/** Switches a fault on or off; `slow` takes milliseconds, `runtime-upgrade` the height of a block, or is for the next one. */
export const setFault = (faults: Faults, name: FaultName, value: boolean | number): void => {
  const fault = FAULTS[name];
  if (fault === 'slow') faults.slow = typeof value === 'number' ? value : value ? SLOW : 0;
  else if (fault === 'runtimeUpgrade') faults.runtimeUpgrade = Number(value);
  else faults[fault] = value !== false && value !== 0;
};
