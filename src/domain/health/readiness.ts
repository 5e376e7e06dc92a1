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
}

/** A stage that stands still: since when, and why. */
export interface Stuck {
  readonly stage: string;
  readonly since: string;
  readonly waiting: number;
  readonly why: string;
}

/** What `/health/ready` answers. */
export interface Readiness {
  readonly ready: boolean;
  readonly stuck: readonly Stuck[];
}

/** Milliseconds without progress after which a stage with work in it stands still. */
export const STANDSTILL = 10_000;

/** Whether every stage that has work makes progress (design §12). */
export const readiness = (stages: readonly Stage[], now: number): Readiness => {
  const stuck = stages
    .filter(({ waiting, movedAt, optional }) => optional !== true && waiting > 0 && now - movedAt > STANDSTILL)
    .map(({ name, waiting, movedAt, reason }) => ({
      stage: name,
      since: new Date(movedAt).toISOString(),
      waiting,
      why: reason ?? 'it is not being worked on',
    }));
  return { ready: stuck.length === 0, stuck };
};
