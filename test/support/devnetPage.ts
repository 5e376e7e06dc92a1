import { startCommand } from './devnetProcess.ts';

/** Starts a devnet in a process of its own, and tells where its page is. */
export const startDevnetPage = async (...args: string[]): Promise<{ readonly url: string; readonly stop: () => Promise<unknown> }> => {
  const { process: child, ended } = startCommand('devnet', ...args);
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      const [, found] = /^Page: (\S+)/m.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
    ended.then(({ code, stderr }) => {
      reject(new Error(`the devnet ended with ${String(code)}: ${stderr}`));
    }, reject);
  });
  return {
    url,
    stop: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
};
