import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type Answer, type HttpServer, openHttpServer, type Pages } from '../drivers/http/httpServer.ts';
import { webPage } from '../drivers/http/webPage.ts';
import type { Devnet } from './devnet.ts';
import { FaultError } from './faultBoard.ts';
import { FAULT_NAMES, type Fault } from './faultSwitch.ts';

/** What `POST /faults` is sent. */
const wanted = z.strictObject({
  fault: z.enum(FAULT_NAMES as readonly [Fault, ...Fault[]]),
  /** 0 is off. */
  value: z.number().int().min(0).max(999_999_999),
});

const read = (name: string): Promise<string> => readFile(new URL(`./page/${name}`, import.meta.url), 'utf8');

/** What stands above a validator's page: the way to the others, and the faults. */
const aboveOf = (names: readonly string[], shown: string): string => `<aside class="devnet" aria-label="Devnet">
      <link rel="stylesheet" href="/devnet.css" />
      <nav aria-label="Validators"><ul>
        ${names.map((name) => `<li><a href="/${name}/"${name === shown ? ' aria-current="page"' : ''}>${name}</a></li>`).join('\n        ')}
      </ul></nav>
      <details id="devnet-faults">
        <summary>Faults of this devnet: <span id="faults-on">not known yet</span></summary>
        <ul id="faults"></ul>
      </details>
      <p id="faults-said" role="status"></p>
      <script type="module" src="/devnet.js"></script>
    </aside>`;

export interface DevnetPageOptions {
  readonly devnet: Pick<Devnet, 'validators' | 'faults'>;
  /** 0 for any free one. */
  readonly port: number;
}

const LOOPBACK = '127.0.0.1';

const setFault = async ({ faults }: Pick<Devnet, 'faults'>, asked: unknown): Promise<Answer> => {
  const given = wanted.safeParse(asked);
  if (!given.success) return { status: 400, body: { error: z.prettifyError(given.error) } };
  try {
    await faults.set(given.data.fault, given.data.value);
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
    return { status: 409, body: { error: error.message } };
  }
  return { body: { faults: faults.list() } };
};

/**
 * Serves each validator's page under its name, the first one's also at `/`, and what no coordinator has: `GET /faults`, and `POST /faults` that
 * switches one of them. On loopback alone; a foreign web page is refused (foreignRequest.ts).
 */
export const openDevnetPage = async ({ devnet, port }: DevnetPageOptions): Promise<HttpServer & { readonly url: string }> => {
  const names = devnet.validators.map(({ name }) => name);
  const script = await read('devnet.js');
  const style = await read('devnet.css');
  const pagesOf = async (name: string, at: string): Promise<Pages> => ({
    ...(await webPage({ at, above: aboveOf(names, name) })),
    [`GET ${at}status`]: () => {
      const validator = devnet.validators.find((one) => one.name === name)?.validator();
      return validator === undefined ? { status: 503, body: { error: `${name} is away` } } : { body: validator.status() };
    },
  });
  const own = await Promise.all(names.map((name) => pagesOf(name, `/${name}/`)));
  const [first = ''] = names;
  const server = await openHttpServer({
    listen: { host: LOOPBACK, port },
    names: [],
    pages: {
      ...(await pagesOf(first, '/')),
      ...(Object.assign({}, ...own) as Pages),
      'GET /devnet.js': () => ({ body: script, type: 'text/javascript; charset=utf-8' }),
      'GET /devnet.css': () => ({ body: style, type: 'text/css; charset=utf-8' }),
      'GET /faults': () => ({ body: { faults: devnet.faults.list() } }),
      'POST /faults': (asked) => setFault(devnet, asked),
    },
  });
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return { ...server, url: `http://${LOOPBACK}:${String(bound)}/` };
};
