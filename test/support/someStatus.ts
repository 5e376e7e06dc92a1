import { type Known, type Status, statusOf } from '../../src/domain/health/status.ts';

/** A status of a coordinator that has nothing to tell, but for what is given. */
export const someStatus = (more: Partial<Known> = {}): Status =>
  statusOf({ now: 100_000, version: '0.0.0', name: 'x', validator: null, stages: [], peers: null, backups: null, ...more });
