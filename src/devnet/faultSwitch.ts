import { FAULTS, type FaultName } from './node/faults.ts';

/** What the devnet can do wrong: faults of its node, another endpoint that lies, and validators that are not there. */
export type Fault = FaultName | 'lying-endpoint' | 'away';

/** A fault that is switched on; `value` is what it takes. */
export interface FaultSwitch {
  readonly fault: Fault;
  readonly value: true | number;
}

/** The faults by name, for people. */
export const FAULT_NAMES: readonly Fault[] = [...(Object.keys(FAULTS) as FaultName[]), 'lying-endpoint', 'away'];

/** Reads `stall` or `slow=300`; undefined where it is neither. */
export const readFault = (text: string): FaultSwitch | undefined => {
  const [name = '', value] = text.split('=');
  const fault = FAULT_NAMES.find((known) => known === name);
  if (fault === undefined || (value !== undefined && !/^\d{1,6}$/.test(value))) return undefined;
  return { fault, value: value === undefined ? true : Number(value) };
};
