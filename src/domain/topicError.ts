import { CoordinatorError } from './errors.ts';

export type TopicErrorCode = 'topic.unknown' | 'topic.gap' | 'topic.conflict' | 'topic.closed';

/** A topic that is not there, or a run that does not go on where its source's records end. */
export class TopicError extends CoordinatorError {
  readonly code: TopicErrorCode;

  constructor(code: TopicErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TopicError';
    this.code = code;
  }
}
