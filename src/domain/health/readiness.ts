/** Where work passes through, and whether it moves. Times are milliseconds since 1970. */
export interface Stage {
  readonly name: string;
  /** What waits in it. */
  readonly waiting: number;
  /** When something last left it, or came into it while it was empty. */
  readonly movedAt: number;
  /** What was in the way when it was last tried. */
  readonly reason?: string;
  /** Whether the coordinator does its duty while this one stands still: one peer that is away does not keep it from that. */
  readonly optional?: boolean;
  /** Milliseconds it may make no progress; ten seconds where it does not say. */
  readonly patience?: number;
}

/** A stage that stands still: since when, and why. */
export interface Stuck {
  readonly stage: string;
  readonly since: string;
  readonly waiting: number;
  readonly why: string;
}

/** Milliseconds without progress after which a stage with work in it stands still, where it says nothing else. */
export const STANDSTILL = 10_000;

/** The stages that have work and make no progress (design §12): since when, and why. */
export const stuckStages = (stages: readonly Stage[], now: number): Stuck[] =>
  stages
    .filter(({ waiting, movedAt, optional, patience = STANDSTILL }) => optional !== true && waiting > 0 && now - movedAt > patience)
    .map(({ name, waiting, movedAt, reason }) => ({
      stage: name,
      since: new Date(movedAt).toISOString(),
      waiting,
      why: reason ?? 'it is not being worked on',
    }));
