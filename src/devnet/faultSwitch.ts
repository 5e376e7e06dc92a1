import { FAULTS, type FaultName } from './node/faults.ts';

/** What goes wrong beside the node. */
const OTHERS = [
  /** Another endpoint that lies. */
  'lying-endpoint',
  /** The last validators are not there: one, or so many. */
  'away',
  /** Once there is something in the vault, so much of it is taken out without a plan. */
  'steal',
  /** The first validator's processor says that vaults hold a tenth less than they do. */
  'misreport',
  /** The first validator's processor sees each external block so many seconds late. */
  'lag',
  /** Records that none of its sources wrote stand on the first validator's topics. */
  'forge',
] as const;

/** What the devnet can do wrong: faults of its node, and others. */
export type Fault = FaultName | (typeof OTHERS)[number];

/** A fault that is switched on; `value` is what it takes. */
export interface FaultSwitch {
  readonly fault: Fault;
  readonly value: true | number;
}

/** The faults by name, for people. */
export const FAULT_NAMES: readonly Fault[] = [...(Object.keys(FAULTS) as FaultName[]), ...OTHERS];

/** Reads `stall` or `slow=300`; undefined where it is neither. */
export const readFault = (text: string): FaultSwitch | undefined => {
  const [name = '', value] = text.split('=');
  const fault = FAULT_NAMES.find((known) => known === name);
  if (fault === undefined || (value !== undefined && !/^\d{1,9}$/.test(value))) return undefined;
  return { fault, value: value === undefined ? true : Number(value) };
};
