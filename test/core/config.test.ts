import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONFIG_KEYS } from '../../src/core/configKeys.ts';
import { configLines } from '../../src/core/configLines.ts';
import { readConfigSources } from '../../src/core/configSources.ts';
import { checkConfig, loadConfig } from '../../src/core/loadConfig.ts';
import { shownConfig } from '../../src/core/shownConfig.ts';
import { startingConfig } from '../../src/core/startingConfig.ts';
import { tomlValue } from '../../src/core/tomlValue.ts';

const dir = mkdtempSync(join(tmpdir(), 'config-'));

const written = (text: string): string => {
  const file = join(dir, 'c.toml');
  writeFileSync(file, text);
  return file;
};

const START = startingConfig();

const faultsOf = (text: string, env: Record<string, string> = {}, set: string[] = []): string => {
  const file = written(text);
  try {
    checkConfig(file, readConfigSources(file, env, set));
  } catch (error) {
    return (error as Error).message;
  }
  return 'none';
};

describe('a starting configuration', () => {
  it('can be used as it is, and names every key there is', () => {
    expect(faultsOf(START)).toBe('none');
    for (const { path, isSection } of CONFIG_KEYS) if (!isSection) expect(START).toMatch(new RegExp(`^(# )?${path.at(-1) ?? ''} = `, 'm'));
  });

  it('holds the defaults where it is a comment', () => {
    const file = written(START);
    const { general, kafka, solvency } = loadConfig(file, {}, []);
    expect([general.min_free_mb, kafka.brokers, solvency.breaches]).toEqual([256, [], 3]);
    expect(START).toContain('# min_free_mb = 256\n');
  });
});

describe('every key', () => {
  it.each(CONFIG_KEYS.map(({ path, what, type }) => [path.join('.'), what, type]))('%s says what it means', (_key, what, type) => {
    expect(what.length).toBeGreaterThan(5);
    expect(type).not.toBe('');
  });

  it('that names a file of a secret is known for it', () => {
    const places = CONFIG_KEYS.filter(({ secret }) => secret).map(({ path }) => path.join('.'));
    const files = CONFIG_KEYS.map(({ path }) => path.join('.')).filter((key) => key.endsWith('_file'));
    expect(files.filter((file) => !places.includes(file))).toEqual(['kafka.tls.ca_file', 'kafka.tls.cert_file']);
  });
});

describe('a value', () => {
  it('comes from the file, over it the environment, over it --set', () => {
    const file = written(START);
    const env = {
      COORDINATOR_KAFKA__KAFKA_PORT: '1',
      COORDINATOR_GENERAL__NAME: 'env',
      COORDINATOR_SOLVENCY__COINS__BITCOIN__TOLERANCE: '"5"',
    };
    const sources = readConfigSources(file, env, ['kafka.kafka_port=2']);
    expect(checkConfig(file, sources)).toMatchObject({
      general: { name: 'env' },
      kafka: { kafka_port: 2 },
      solvency: { coins: { Bitcoin: { tolerance: 5n } } },
    });
    const shown = new Map(shownConfig(sources).map((key) => [key.key, key]));
    expect(shown.get('kafka.kafka_port')).toMatchObject({ value: 2, from: { from: 'set' } });
    expect(shown.get('general.name')).toMatchObject({ value: 'env', from: { as: 'COORDINATOR_GENERAL__NAME' } });
    expect(shown.get('general.backup_interval')).toMatchObject({ value: '6h', from: { from: 'file', line: expect.any(Number) as number } });
    expect(shown.get('general.store')).toMatchObject({ value: 'rocksdb', from: { from: 'default' } });
    expect([...shown.keys()].filter((key) => key.startsWith('backup.') || key.startsWith('kafka.sasl'))).toEqual([]);
  });

  it('that is wrong is told with where it was given, all at once', () => {
    const faults = faultsOf(
      START.replace('"6h"', '"soon"'),
      { COORDINATOR_KAFKA__KAFKA_PROT: '1', COORDINATOR_OBSERVATION__RPC_PORT: '70000' },
      ['chains.bitcoin=perhaps', 'alone'],
    );
    const line = START.split('\n').findIndex((one) => one.startsWith('backup_interval')) + 1;
    expect(faults).toContain(`line ${String(line)}: general.backup_interval: expected a duration`);
    expect(faults).toContain('COORDINATOR_KAFKA__KAFKA_PROT: kafka.kafka_prot is not a key; did you mean "kafka_port"?');
    expect(faults).toContain('COORDINATOR_OBSERVATION__RPC_PORT: observation.rpc_port: expected a port');
    expect(faults).toContain('--set chains.bitcoin: chains.bitcoin: ');
    expect(faults).toContain('--set alone: expected section.key=value');
  });
});

describe('keys that belong together', () => {
  const local = readFileSync(new URL('../../config/local.toml', import.meta.url), 'utf8');
  const both = 'give serai_key_file, or dev_account on a development chain; not both';

  it('are one account: a key file or a development account', () => {
    expect(faultsOf(local.replace(/^dev_account.*$/m, ''))).toContain(both);
    expect(faultsOf(local, {}, ['keys.serai_key_file=/serai.key'])).toContain(both);
  });

  it('pin none but who writes under the name of the deployment', () => {
    const pin = `"0x${'11'.repeat(32)}"`;
    expect(faultsOf(local, {}, [`keys.pins={"/alice/processor/monero":${pin}}`])).toBe('none');
    expect(faultsOf(local, {}, [`keys.pins={"/bob/processor/monero":${pin}}`])).toContain(
      'keys.pins./bob/processor/monero: nobody of that name writes here; there are /alice/processor/bitcoin',
    );
  });
});

describe('a value that looks like another type', () => {
  it('is text where the key is text', () => {
    const config = loadConfig(written(START), { COORDINATOR_KAFKA__KAFKA_HOST: '10' }, ['general.data_dir=12', 'general.min_free_mb=7']);
    expect(config.kafka.kafka_host).toBe('10');
    expect(config.general).toMatchObject({ data_dir: '12', min_free_mb: 7 });
  });

  it('is refused in words of ours', () => {
    const faults = faultsOf(START, {}, ['chains.bitcoin=maybe', 'general.min_free_mb=-1', 'connection.peer_port="x"']);
    expect(faults).toContain('--set chains.bitcoin: chains.bitcoin: expected true or false');
    expect(faults).toContain('--set general.min_free_mb: general.min_free_mb: expected whole number, 0 to 1000000');
  });

  it('is blamed on what replaced the section it stands in', () => {
    const file = `${START}\n[kafka.tls]\nca_file = "ca.pem"\n`;
    expect(faultsOf(file, {}, ['kafka.tls={"ca_file":1}'])).toContain('--set kafka.tls: kafka.tls.ca_file: expected text');
  });
});

describe('a secret', () => {
  const WITH_SASL = `${START}[kafka.sasl]\nmechanism = "scram-sha-512"\nusername = "u"\n`;

  it('is taken from the environment by name alone', () => {
    const file = written(WITH_SASL);
    const env = { COORDINATOR_KAFKA__SASL__PASSWORD: 'sesame' };
    const sources = readConfigSources(file, env, []);
    expect(checkConfig(file, sources).kafka.sasl?.password_file).toBe('env:COORDINATOR_KAFKA__SASL__PASSWORD');
    expect(JSON.stringify(shownConfig(sources))).not.toContain('sesame');
  });

  it('is refused as an argument, and in the file; what it is is not said', () => {
    const byArgument = faultsOf(`${WITH_SASL}password_file = "p"\n`, {}, ['kafka.sasl.password=sesame', 'keys.passphrase=sesame']);
    expect(byArgument).toContain('--set kafka.sasl.password: every user of this machine can read the arguments');
    expect(byArgument).toContain('COORDINATOR_KEYS__PASSPHRASE');
    const inFile = faultsOf(`${WITH_SASL}password = "sesame"\n`);
    expect(inFile).toMatch(/line \d+: kafka\.sasl\.password: a secret does not stand in the configuration/);
    expect(byArgument + inFile).not.toContain('sesame');
  });

  it('in an address is not shown', () => {
    const file = written(START);
    const set = ['observation.endpoints=["wss://user:sesame@node/path", "wss://node/?key=sesame", "ws://node:9944"]'];
    const shown = shownConfig(readConfigSources(file, {}, set)).find(({ key }) => key === 'observation.endpoints');
    expect(shown?.value).toEqual(['wss://(hidden)@node/path', 'wss://node/?(hidden)', 'ws://node:9944']);
  });
});

describe('lines of a file', () => {
  it('are found for keys, sections, dotted keys and repeated tables', () => {
    const find = configLines('top = 1\n[a]\nb.c = 2\n"d e" = 3\n[a.f] # why\ng = 4\n[[h]]\ni = 1\n[[h]]\ni = 2\n');
    const paths = [
      ['top'],
      ['a'],
      ['a', 'b'],
      ['a', 'b', 'c'],
      ['a', 'd e'],
      ['a', 'f'],
      ['a', 'f', 'g'],
      ['h'],
      ['h', 0, 'i'],
      ['h', 1, 'i'],
    ];
    expect(paths.map(find)).toEqual([1, 2, 3, 3, 4, 5, 6, 7, 8, 10]);
    expect(find(['a', 'x'])).toBeUndefined();
  });
});

describe('a value of TOML', () => {
  it('is read as what was written', async () => {
    const { default: toml } = await import('toml');
    const text = fc.string({ unit: 'grapheme-ascii' });
    const plain = fc.oneof(text, fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.boolean());
    const value = fc.oneof(plain, fc.array(text), fc.array(fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), plain, { minKeys: 1 })));
    fc.assert(
      fc.property(value, (given) => {
        const read = toml.parse(`x = ${tomlValue(given)}`) as { x: unknown };
        expect(JSON.parse(JSON.stringify(read.x))).toEqual(JSON.parse(JSON.stringify(given)));
      }),
    );
  });
});

it('the files of config/ can be used', () => {
  for (const name of ['local', 'test', 'production']) {
    const file = new URL(`../../config/${name}.toml`, import.meta.url).pathname;
    expect(faultsOf(readFileSync(file, 'utf8'))).toBe('none');
  }
});
