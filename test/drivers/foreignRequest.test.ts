import { describe, expect, it } from 'vitest';
import { foreignRequest } from '../../src/drivers/http/foreignRequest.ts';

const statusOf = (method: string, path: string, headers: Record<string, string>, names: readonly string[] = []): number =>
  foreignRequest({ method, path, headers }, names)?.status ?? 200;

describe('requests of a foreign web page', () => {
  it.each<readonly [string, string, number]>([
    ['an address', '127.0.0.1:9616', 200],
    ['an IPv6 address', '[::1]:9616', 200],
    ['an address of this machine', '192.0.2.7', 200],
    ['localhost', 'localhost:9616', 200],
    ['a name below localhost', 'alice.localhost:9616', 200],
    ['a name that was configured', 'Status.Example:443', 200],
    ['any other name, which may have been rebound', 'evil.example:9616', 403],
    ['a name that only looks like an address', '127.0.0.1.evil.example', 403],
    ['a name that only looks like ours', 'notstatus.example', 403],
    ['no name', '', 403],
  ])('asked for by %s', (_, host, status) => {
    expect(statusOf('GET', '/status', { host }, ['status.example'])).toBe(status);
    expect(statusOf('HEAD', '/', { host }, ['status.example'])).toBe(status);
    // Orchestrators and Prometheus ask by whatever name there is.
    expect(statusOf('GET', '/health/ready', { host })).toBe(200);
    expect(statusOf('GET', '/metrics', { host })).toBe(200);
  });

  const json = { host: '127.0.0.1:1', 'content-type': 'application/json' };
  it.each<readonly [string, Record<string, string>, number]>([
    ['a program', json, 200],
    ['a page of ours', { ...json, origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-origin' }, 200],
    ['JSON with its character set', { ...json, 'content-type': 'Application/JSON; charset=utf-8' }, 200],
    ['a foreign page', { ...json, origin: 'http://evil.example' }, 403],
    ['another port of this machine', { ...json, origin: 'http://127.0.0.1:2' }, 403],
    ['a page without an origin', { ...json, origin: 'null' }, 403],
    ['a foreign page by another sign', { ...json, 'sec-fetch-site': 'cross-site' }, 403],
    ['a neighbour site', { ...json, 'sec-fetch-site': 'same-site' }, 403],
    ['a form', { ...json, 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['text, which needs no leave of ours', { ...json, 'content-type': 'text/plain' }, 415],
    ['nobody knows what', { host: '127.0.0.1:1' }, 415],
    ['a rebound name', { ...json, host: 'evil.example', origin: 'http://evil.example' }, 403],
  ])('a change by %s', (_, headers, status) => {
    expect(statusOf('POST', '/faults', headers)).toBe(status);
  });
});
