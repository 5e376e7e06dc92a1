import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { programIn } from './programIn.ts';

/** The system's Chromium, or another that speaks the same protocol; undefined where there is none, and leftOut.ts says so. */
export const chromium = programIn('chromium', 'chromium-browser', 'google-chrome');

/** Milliseconds for anything to come about in the browser: the machine may be busy. */
const PATIENCE = 60_000;

interface Reply {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface Evaluated {
  readonly result: { readonly value?: unknown };
  readonly exceptionDetails?: { readonly exception?: { readonly description?: string }; readonly text: string };
}

export interface View {
  readonly width: number;
  readonly height: number;
  readonly scheme?: 'light' | 'dark';
  /** Pixels of the picture for each of the page. */
  readonly scale?: number;
}

/** A page of a browser, over the DevTools protocol. */
export class BrowserPage {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #next = 1;
  /** What scripts threw, and what the browser refused or complained of. */
  readonly complaints: string[] = [];

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      this.#heard(JSON.parse(data.toString('utf8')) as Reply);
    });
  }

  static async open(address: string): Promise<BrowserPage> {
    const socket = new WebSocket(address, { maxPayload: 256 * 1024 * 1024 });
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    const page = new BrowserPage(socket);
    for (const domain of ['Page', 'Runtime', 'Log']) await page.send(`${domain}.enable`);
    return page;
  }

  #heard({ id, method, params, ...reply }: Reply): void {
    if (id !== undefined) this.#waiting.get(id)?.(reply);
    else if (method === 'Runtime.exceptionThrown' || method === 'Log.entryAdded') this.complaints.push(JSON.stringify(params));
  }

  async send(method: string, params: object = {}): Promise<unknown> {
    const id = this.#next++;
    const { result, error } = await new Promise<Reply>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`${method}: the browser did not answer`));
      }, PATIENCE);
      this.#waiting.set(id, (reply) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(reply);
      });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  /** What an expression comes to in the page; promises are waited for. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = (await this.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })) as Evaluated;
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value as T;
  }

  /** Waits until an expression is true in the page. */
  async until(expression: string): Promise<void> {
    const deadline = Date.now() + PATIENCE;
    while (!(await this.evaluate<boolean>(`Boolean(${expression})`))) {
      if (Date.now() > deadline)
        throw new Error(
          `it never came about that ${expression}; the page says:\n${await this.evaluate<string>('document.body.innerText')}`,
        );
      await sleep(50);
    }
  }

  /** Looks as through a window of this size. */
  async look({ width, height, scheme = 'light', scale = 1 }: View): Promise<void> {
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: scale, mobile: width < 600 });
    await this.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
  }

  async open(url: string): Promise<void> {
    await this.send('Page.navigate', { url });
    await this.until("document.readyState === 'complete'");
  }

  /** A picture of what is in the window: PNG. */
  async picture(): Promise<Buffer> {
    const { data } = (await this.send('Page.captureScreenshot', { format: 'png' })) as { readonly data: string };
    return Buffer.from(data, 'base64');
  }

  close(): void {
    this.#socket.close();
  }
}

const ended = (child: ChildProcess): Promise<unknown> =>
  child.exitCode === null && child.signalCode === null ? new Promise((resolve) => child.once('exit', resolve)) : Promise.resolve();

/** Starts Chromium without a window, on a profile of its own. */
export const openBrowser = async (): Promise<{ readonly page: BrowserPage; readonly close: () => Promise<void> }> => {
  if (chromium === undefined) throw new Error('there is no Chromium here; Debian has it in the package chromium');
  const profile = await mkdtemp(join(tmpdir(), 'serai-chromium-'));
  const child = spawn(
    chromium,
    [
      ...['--headless=new', '--remote-debugging-port=0', `--user-data-dir=${profile}`],
      ...['--no-first-run', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--hide-scrollbars'],
      // Its sandbox does not start for root, as whom tests run in containers.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      'about:blank',
    ],
    { stdio: 'ignore' },
  );
  const close = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended(child);
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  try {
    const port = await portOf(profile, child);
    const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
      readonly type: string;
      readonly webSocketDebuggerUrl: string;
    }[];
    const address = targets.find(({ type }) => type === 'page')?.webSocketDebuggerUrl;
    if (address === undefined) throw new Error('Chromium has no page');
    const page = await BrowserPage.open(address);
    return {
      page,
      close: async () => {
        page.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
};

/** The port that Chromium has written into its profile once it listens. */
const portOf = async (profile: string, child: ChildProcess): Promise<string> => {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const [port = ''] = (await readFile(join(profile, 'DevToolsActivePort'), 'utf8').catch(() => '')).split('\n');
    if (port !== '') return port;
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`Chromium does not start (exit code ${String(child.exitCode)})`);
    await sleep(50);
  }
};
