import { FAULTS, type FaultName } from './node/faults.ts';

/** What goes wrong beside the node. */
const OTHERS = ['lying-endpoint', 'away', 'steal', 'misreport', 'lag', 'forge'] as const;

/** What the devnet can do wrong: faults of its node, and others. */
export type Fault = FaultName | (typeof OTHERS)[number];

/** A fault that is switched on; `value` is what it takes. */
export interface FaultSwitch {
  readonly fault: Fault;
  readonly value: true | number;
}

/** What a fault does, for people, and how it is switched. */
export interface FaultKind {
  readonly what: string;
  /** `switch`: on or off; `number`: off, or so much; `once`: happens when it is switched on; `start`: only from the start. */
  readonly kind: 'switch' | 'number' | 'once' | 'start';
  /** What a number counts, and the number where none is given. */
  readonly unit?: string;
  readonly usual?: number;
}

export const FAULT_KINDS: Readonly<Record<Fault, FaultKind>> = {
  away: { what: 'the last validators are not there', kind: 'number', unit: 'validators', usual: 1 },
  stall: { what: 'no more Serai blocks are made', kind: 'switch' },
  'skip-heads': { what: 'two of three finalized heads are not notified', kind: 'switch' },
  'repeat-heads': { what: 'every finalized head is notified twice, with one from before in between', kind: 'switch' },
  forks: { what: 'best heads that finality never reaches are notified', kind: 'switch' },
  disconnect: { what: 'connections to the node break in the middle of every fiftieth answer', kind: 'switch' },
  slow: { what: 'answers of the node take so long', kind: 'number', unit: 'milliseconds', usual: 300 },
  'wrong-block': { what: 'every tenth question about a block is answered for its parent', kind: 'switch' },
  syncing: { what: 'the node says that it is syncing', kind: 'switch' },
  'runtime-upgrade': { what: 'the next block upgrades the runtime', kind: 'once' },
  'alter-batch': { what: 'the next batch is executed with other instructions than were signed', kind: 'once' },
  steal: {
    what: 'so much is taken out of the vault without a plan, once it holds as much',
    kind: 'once',
    unit: 'of the smallest unit',
    usual: 1_000,
  },
  misreport: { what: "the first validator's processor says that vaults hold a tenth less than they do", kind: 'switch' },
  lag: { what: "the first validator's processor sees external blocks so late", kind: 'number', unit: 'seconds', usual: 20 },
  forge: { what: "records that none of its sources wrote stand on the first validator's topics", kind: 'once' },
  'lying-endpoint': { what: 'another endpoint of the node lies', kind: 'start' },
};

/** The faults by name, for people. */
export const FAULT_NAMES: readonly Fault[] = [...(Object.keys(FAULTS) as FaultName[]), ...OTHERS];

/** Reads `stall` or `slow=300`; undefined where it is neither. */
export const readFault = (text: string): FaultSwitch | undefined => {
  const [name = '', value] = text.split('=');
  const fault = FAULT_NAMES.find((known) => known === name);
  if (fault === undefined || (value !== undefined && !/^\d{1,9}$/.test(value))) return undefined;
  return { fault, value: value === undefined ? true : Number(value) };
};
