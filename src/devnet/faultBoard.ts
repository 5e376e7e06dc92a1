import { CoordinatorError } from '../domain/errors.ts';
import { FAULT_KINDS, FAULT_NAMES, type Fault, type FaultKind } from './faultSwitch.ts';

/** A fault cannot be switched so. */
export class FaultError extends CoordinatorError {
  readonly code = 'devnet.fault';

  constructor(message: string) {
    super(message);
    this.name = 'FaultError';
  }
}

/** A fault with what it is now: 0 where it is off. */
export interface FaultState extends FaultKind {
  readonly fault: Fault;
  readonly value: number;
}

/** The faults of a devnet that runs, and their switches. */
export interface FaultBoard {
  readonly list: () => FaultState[];
  /** Switches a fault: 0 is off, another number how much. Rejects with FaultError. */
  readonly set: (fault: Fault, value: number) => Promise<void>;
}

/** A board on which faults are also switched that can only be there from the start. */
export interface NewFaultBoard extends FaultBoard {
  readonly begin: FaultBoard['set'];
}

/** Opens the board: `carryOut` does what a fault does, or no longer does it. */
export const openFaultBoard = (carryOut: (fault: Fault, value: number) => Promise<void>): NewFaultBoard => {
  const on = new Map<Fault, number>();
  const begin = async (fault: Fault, value: number): Promise<void> => {
    await carryOut(fault, value);
    if (FAULT_KINDS[fault].kind !== 'once') on.set(fault, value);
  };
  return {
    list: () => FAULT_NAMES.map((fault) => ({ fault, ...FAULT_KINDS[fault], value: on.get(fault) ?? 0 })),
    begin,
    set: async (fault, value) => {
      if (FAULT_KINDS[fault].kind === 'start')
        throw new FaultError(`${fault} can only be there from the start: npm start -- --fault ${fault}`);
      await begin(fault, value);
    },
  };
};
