import { timeOfBackup } from './manifest.ts';

/** Which backups are kept: so many of the latest, and of so many days, weeks and months the latest one. */
export interface KeepRule {
  readonly last: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
}

const DAY = 86_400_000;

/** Weeks begin on Monday (ISO 8601); 1970 began on a Thursday. */
const PERIODS: Readonly<Record<Exclude<keyof KeepRule, 'last'>, (time: number) => string>> = {
  daily: (time) => new Date(time).toISOString().slice(0, 10),
  weekly: (time) => String(Math.floor((time / DAY + 3) / 7)),
  monthly: (time) => new Date(time).toISOString().slice(0, 7),
};

/** The ids that may go, of those that are there; times are UTC. */
export const notKept = (ids: readonly string[], rule: KeepRule): string[] => {
  const newestFirst = [...new Set(ids)].sort().reverse();
  const kept = new Set(newestFirst.slice(0, Math.max(1, rule.last)));
  for (const [name, periodOf] of Object.entries(PERIODS)) {
    const seen = new Set<string>();
    for (const id of newestFirst) {
      const period = periodOf(timeOfBackup(id));
      if (seen.has(period)) continue;
      if (seen.size >= rule[name as keyof typeof PERIODS]) break;
      seen.add(period);
      kept.add(id);
    }
  }
  return newestFirst.filter((id) => !kept.has(id)).reverse();
};
