import { CoordinatorError } from '../domain/errors.ts';

/** A configuration that cannot be used; the message lists everything that is wrong with it. */
export class ConfigError extends CoordinatorError {
  readonly code: 'config.invalid' | 'config.missing';

  constructor(code: ConfigError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConfigError';
    this.code = code;
  }
}
