import { readFile } from 'node:fs/promises';
import type { Page, Pages } from './httpServer.ts';

/** The files of the page, as they are served: nothing is built. */
const FILES = {
  'page.css': 'text/css; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'dom.js': 'text/javascript; charset=utf-8',
};

const read = (name: string): Promise<string> => readFile(new URL(`./page/${name}`, import.meta.url), 'utf8');

export interface WebPageOptions {
  /** Where it lies: `/`, or as in `/alice/`; it asks for `status` beside itself. */
  readonly at?: string;
  /** HTML that stands above the rest: of the devnet. */
  readonly above?: string;
}

/** The page that shows people how the coordinator stands. It reads `status` and changes nothing. */
export const webPage = async ({ at = '/', above = '' }: WebPageOptions = {}): Promise<Pages> => {
  const html = (await read('index.html')).replace('<!-- above -->', above);
  const files = await Promise.all(
    Object.entries(FILES).map(async ([name, type]): Promise<[string, Page]> => {
      const body = await read(name);
      return [`GET ${at}${name}`, () => ({ body, type })];
    }),
  );
  return { [`GET ${at}`]: () => ({ body: html, type: 'text/html; charset=utf-8' }), ...Object.fromEntries(files) };
};
