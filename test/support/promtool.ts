import { programIn } from './programIn.ts';

/** promtool of Debian's package prometheus; undefined where there is none, and leftOut.ts says so. */
export const promtool = programIn('promtool');
