/** What every error of ours is: a stable dotted lower-case code beside a message that says what happened, where, and what to do. */
export abstract class CoordinatorError extends Error {
  abstract readonly code: string;
}
