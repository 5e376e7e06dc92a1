import { isIP } from 'node:net';

/** What of a request tells whether a foreign web page stands behind it. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Partial<Record<string, string | string[]>>>;
}

/** Why a request is refused, with its HTTP status. */
export interface Refused {
  readonly status: 403 | 415;
  readonly why: string;
}

/** Pages for programs, which tell nothing that a foreign page could not guess: orchestrators and Prometheus ask for them by any name. */
const FOR_PROGRAMS = /^\/(health\/|metrics$)/;

const text = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/** The host of a `Host` header without its port; of an IPv6 address without its brackets. */
const hostOf = (header: string): string =>
  header
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();

/**
 * Why a request may come from a foreign web page in a browser of this machine; undefined where it does not.
 *
 * A name that is not ours is DNS rebinding: a foreign page whose own name was made to lead here. Addresses cannot be rebound, nor can `localhost`.
 * What changes something has to be JSON, which a browser sends to another origin only after asking, and to come from a page of ours or from a program.
 */
export const foreignRequest = ({ method, path, headers }: Asked, names: readonly string[]): Refused | undefined => {
  const host = text(headers['host']) ?? '';
  const name = hostOf(host);
  const isOurs = isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || names.includes(name);
  if (!isOurs && !FOR_PROGRAMS.test(path))
    return { status: 403, why: 'this name is not one of ours; use an address, or add it to http.names' };
  if (method === 'GET' || method === 'HEAD') return undefined;
  const origin = text(headers['origin']);
  if (origin !== undefined && origin !== `http://${host}`) return { status: 403, why: 'this was asked from a foreign page' };
  const site = text(headers['sec-fetch-site']);
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return { status: 403, why: 'this was asked from a foreign page' };
  const type = text(headers['content-type'])?.split(';')[0]?.trim().toLowerCase();
  return type === 'application/json' ? undefined : { status: 415, why: 'what is sent has to be application/json' };
};
