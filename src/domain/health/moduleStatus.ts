import type { Hex } from '../hex.ts';
import type { PeersReport } from '../peers/peerReport.ts';
import type { Stage } from './readiness.ts';
import type { BackupStatus, Sections } from './status.ts';

/** How the modules of one thread or process stand; it crosses to the thread that answers for all of them. */
export interface ModuleStatus {
  readonly stages: readonly Stage[];
  /** Where the connection module runs. */
  readonly peers?: PeersReport;
  /** The validator's Serai public key. */
  readonly validator?: Hex;
  /** What the modules that run there tell of their parts. */
  readonly sections?: Sections;
  /** Where backups are taken. */
  readonly backups?: readonly BackupStatus[];
}
