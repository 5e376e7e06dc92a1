import type { Config } from '../core/configSchema.ts';
import type { LogLevel } from '../core/log.ts';
import { ControlError, controlFolder } from '../drivers/http/controlSocket.ts';
import { askToWork } from './askToWork.ts';
import { recordAct } from './recordAct.ts';

/** Prints the level of the running coordinator's log, after changing it where one is given; it lasts until the next start. */
export const logLevel = async (
  config: Config,
  level: LogLevel | undefined,
  { json, reason }: { readonly json: boolean; readonly reason: string },
): Promise<void> => {
  const done = await askToWork(config, { do: 'log-level', ...(level === undefined ? {} : { level }) });
  if (done?.level === undefined) {
    const folder = controlFolder(config.general.data_dir, config.general.name);
    throw new ControlError('control.not-running', `no coordinator runs on ${folder}; general.log_level is what the next start begins with`);
  }
  process.stdout.write(json ? `${JSON.stringify({ level: done.level })}\n` : `${done.level}\n`);
  if (level !== undefined) await recordAct(config, { act: 'log-level-changed', reason, details: { level: done.level } });
};
