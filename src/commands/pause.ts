import type { Config } from '../core/configSchema.ts';
import type { Scope } from '../domain/control/orders.ts';
import { topicsOf } from '../domain/topics.ts';
import { writeAsOperator } from './writeAsOperator.ts';

const WHAT: Readonly<Record<string, string>> = {
  node: 'nothing is signed and no keys are generated; the chain is observed on',
  signing: 'nothing is signed; keys are generated on',
};

const give = async (config: Config, what: 'paused' | 'resumed', scope: Scope, reason: string): Promise<void> => {
  const type = `serai.control.${what}.v1`;
  const time = new Date().toISOString();
  const data = { scope, reason };
  await writeAsOperator(config, {
    topic: topicsOf(config.general.name).control,
    type,
    id: `${type}/${scope}/${time}`,
    time,
    subject: scope,
    data,
  });
};

/** Orders that nothing new be begun: for the whole node, one network, or signing only. What has begun may finish, but no share leaves. */
export const pause = async (config: Config, scope: Scope, reason: string): Promise<void> => {
  await give(config, 'paused', scope, reason);
  process.stdout.write(
    `paused ${scope}: ${WHAT[scope] ?? `nothing is signed for ${scope}, and it generates no keys`}; resume with: resume ${scope}\n`,
  );
};

/** Takes a pause back. */
export const resume = async (config: Config, scope: Scope, reason: string): Promise<void> => {
  await give(config, 'resumed', scope, reason);
  process.stdout.write(`resumed ${scope}\n`);
};
