import { programIn } from './programIn.ts';

/** systemd's check of units; undefined where there is none, and leftOut.ts says so. */
export const systemdAnalyze = programIn('systemd-analyze');
