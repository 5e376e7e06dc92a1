import type { Config } from '../core/configSchema.ts';
import { askEach, ControlError, controlFolder } from '../drivers/http/controlSocket.ts';
import { allDone, type Task, type TaskDone, taskDone } from './tasks.ts';

/** Milliseconds that a task may take without a sign. */
const DEADLINE = 60 * 60_000;

const errorIn = (body: unknown): string => {
  const said = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
  return typeof said === 'string' ? said : 'it did not say why';
};

/** Has the processes of a deployment that run do something, through their sockets; undefined where none runs. */
export const askToWork = async ({ general }: Config, task: Task): Promise<TaskDone | undefined> => {
  const answers = await askEach(controlFolder(general.data_dir, general.name), '/tasks', task, DEADLINE);
  const failed = answers.find(({ status }) => status !== 200);
  if (failed !== undefined) throw new ControlError('control.refused', `the coordinator that runs could not do it: ${errorIn(failed.body)}`);
  return answers.length === 0 ? undefined : allDone(answers.map(({ body }) => taskDone.parse(body)));
};
