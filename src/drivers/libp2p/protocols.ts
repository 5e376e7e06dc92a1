/** The versions of the protocol this coordinator speaks, the best one first; of those both sides speak the dialling side takes its best. */
export const PROTOCOLS: readonly string[] = ['/serai/coordinator/1'];
