import type { PeersReport } from '../peers/peerReport.ts';
import type { Stage } from './readiness.ts';

/** How the modules of one thread or process stand; it crosses to the thread that answers for all of them. */
export interface ModuleStatus {
  readonly stages: readonly Stage[];
  /** Where the connection module runs. */
  readonly peers?: PeersReport;
}
