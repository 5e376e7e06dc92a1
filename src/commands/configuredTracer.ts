import type { Logger } from 'pino';
import { ConfigError } from '../core/configError.ts';
import type { Config } from '../core/configSchema.ts';
import { VERSION } from '../core/version.ts';
import { coded } from '../domain/runbook.ts';
import type { OpenTracer } from '../drivers/openTelemetry/openTracer.ts';
import { readSecretText } from './secretFile.ts';

const WHAT = 'tracing.headers_file';

/** Headers as a file has them, `name: value` on a line each. */
const headersIn = async (file: string): Promise<Record<string, string>> => {
  const text = await readSecretText(file, WHAT, 'a header as "name: value"');
  const lines = text.split('\n').map((line) => /^([A-Za-z0-9!#$%&'*+.^_|~-]+):[ \t]*([\x20-\x7e]*?)\s*$/.exec(line));
  return Object.fromEntries(
    lines.map((line, index) => {
      const [, name = '', value = ''] = line ?? [];
      if (name === '')
        throw new ConfigError('config.invalid', `${WHAT} ${file}: line ${String(index + 1)} is no header; write "name: value"`);
      return [name, value];
    }),
  );
};

/** The tracer of a configuration, undefined where it has none: then nothing of OpenTelemetry is loaded. */
export const configuredTracer = async ({ tracing, general }: Config, log: Logger): Promise<OpenTracer | undefined> => {
  if (tracing === undefined) return undefined;
  const headers = tracing.headers_file === undefined ? {} : await headersIn(tracing.headers_file);
  return openTracerAt({ endpoint: tracing.endpoint, headers, ratio: tracing.ratio, name: general.name, log });
};

interface TracerAt {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly ratio: number;
  readonly name: string;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/** Opens a tracer that logs whether it can export. */
export const openTracerAt = async ({ log, ...options }: TracerAt): Promise<OpenTracer> => {
  const { openTracer } = await import('../drivers/openTelemetry/openTracer.ts');
  return openTracer({
    ...options,
    version: VERSION,
    changed: (reason) => {
      if (reason === undefined) log.info({ endpoint: options.endpoint }, 'traces are exported again');
      else log.warn({ ...coded('tracing.failing'), endpoint: options.endpoint, reason }, 'tracing.failing');
    },
  });
};
