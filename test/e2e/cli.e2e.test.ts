import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../support/devnetProcess.ts';
import { golden, goldenFile, goldenPresent } from '../support/golden.ts';

const dir = mkdtempSync(join(tmpdir(), 'cli-'));

const config = (name: string, text: string): string => {
  const file = join(dir, name);
  writeFileSync(file, text);
  return file;
};

const GOOD = `[general]
name = "alice"
log_level = "silent"
data_dir = "${dir}/data"
backup_dir = "${dir}/backups"
backup_interval = "6h"
[kafka]
kafka_host = "127.0.0.1"
kafka_port = 1
[observation]
rpc_host = "127.0.0.1"
rpc_port = 2
[chains]
bitcoin = true
[connection]
listen = "/ip4/127.0.0.1/tcp/0"
[keys]
dev_account = "Alice"
master_key_file = "${dir}/master.key"
`;

describe.skipIf(!goldenPresent)('decode', () => {
  const metadata = goldenFile('metadata_v14.hex');

  it('prints the events of a storage value as the golden file has them', async () => {
    const { events } = golden('events.json') as { events: { storage_hex: string; serai_abi_decode: unknown }[] };
    const { storage_hex, ...first } = events[0] ?? { storage_hex: '' };
    const { code, stdout, stderr } = await runCommand('decode', 'events', '--metadata', metadata, '--hex', storage_hex, '--json');
    expect(code, stderr).toBe(0);
    const read = JSON.parse(stdout) as { events: object[] };
    expect(first).toMatchObject(read.events[0] ?? {});
    expect(read.events).toHaveLength(1);
  });

  it('says at which byte a value makes no sense', async () => {
    const { code, stderr } = await runCommand('decode', 'events', '--metadata', metadata, '--hex', '0x04ff');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: cannot decode .*\nwhat to do: docs\/runbook\.md#\S+\n$/);
  });

  it.each([
    ['is no metadata', 'package.json', 'package.json is not'],
    ['is empty', config('empty.hex', ''), 'it is empty'],
    ['is not there', join(dir, 'none.hex'), 'cannot read --metadata'],
  ])('names a file that %s', async (_, file, said) => {
    const { code, stderr } = await runCommand('decode', 'extrinsic', '--metadata', file, '--hex', '0x00');
    expect(code).toBe(2);
    expect(stderr).toContain(said);
  });
});

describe('party draw', () => {
  it('prints the draw of docs/protocol.md', async () => {
    const draw = ['party', 'draw', '--block-hash', `0x${'00'.repeat(32)}`, '--validators', '7', '--threshold', '5', '--json'];
    expect((await runCommand(...draw)).stdout).toBe('{"party":[1,7,3,4,6]}\n');
    const counting = `0x${Array.from({ length: 32 }, (_, index) => index.toString(16).padStart(2, '0')).join('')}`;
    const streamed = [
      'party',
      'draw',
      '--block-hash',
      counting,
      '--validators',
      '4',
      '--threshold',
      '3',
      '--stream',
      '15716081293017067976',
      '--json',
    ];
    expect((await runCommand(...streamed)).stdout).toBe('{"party":[3,1,4]}\n');
  });

  it('has help, with its defaults', async () => {
    const { code, stdout } = await runCommand('party', 'draw', '--help');
    expect(code).toBe(0);
    expect(stdout).toContain('(default: 0)');
  });

  it('refuses what has no draw', async () => {
    const { code, stderr } = await runCommand('party', 'draw', '--block-hash', '0x00', '--validators', '4', '--threshold', '3');
    expect(code).toBe(2);
    expect(stderr).toContain('expected 32 bytes of hex');
    const more = await runCommand('party', 'draw', '--block-hash', `0x${'00'.repeat(32)}`, '--validators', '4', '--threshold', '5');
    expect(more).toMatchObject({ code: 2, stderr: expect.stringContaining('--threshold 5 is more than --validators 4') as string });
  });
});

describe('bad input', () => {
  it('lists everything wrong with a configuration, with line and suggestion', async () => {
    const file = config(
      'bad.toml',
      GOOD.replace('kafka_port = 1', 'kafka_prot = 9092').replace('"6h"', '"soon"').replace('name = "alice"', 'name = "Alice!"'),
    );
    const { code, stderr } = await runCommand('run', '--config', file);
    expect(code).toBe(2);
    expect(stderr).toContain('line 9: kafka.kafka_prot is not a key; did you mean "kafka_port"?');
    expect(stderr).toContain('kafka.kafka_port: missing');
    expect(stderr).toContain('line 6: general.backup_interval');
    expect(stderr).toContain('line 2: general.name');
  });

  it('says which file is not there, and which is no TOML', async () => {
    expect(await runCommand('run', '--config', join(dir, 'none.toml'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('none.toml') as string,
    });
    const { code, stderr } = await runCommand('run', '--config', config('no.toml', '[general\nname = 1'));
    expect(code).toBe(2);
    expect(stderr).toContain('is not TOML: line 1');
  });

  it('says everything it cannot reach', async () => {
    const { code, stderr } = await runCommand('run', '--config', config('away.toml', GOOD));
    expect(code).toBe(3);
    expect(stderr).toContain('no Kafka broker answers at 127.0.0.1:1');
    expect(stderr).toContain('no Serai node answered at ws://127.0.0.1:2');
  });

  it('says what a pause may be of, and where no state can be kept', async () => {
    expect(await runCommand('pause', 'all', '--reason', 'a look', '--config', config('good.toml', GOOD))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('expected one of node, signing, Bitcoin, Ethereum, Monero') as string,
    });
    expect(await runCommand('devnet', '--cycles', '1', '--data', 'package.json')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('give another folder with --data') as string,
    });
  });

  it('names a driver for state that there is none of, and what will not be believed', async () => {
    const file = config('driver.toml', GOOD);
    const check = (...more: string[]) => runCommand('config', 'check', '--config', file, ...more);
    expect(await check('--set', 'general.store=nope')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('rocksdb, memory') as string,
    });
    const { code, stdout } = await check('--json', '--set', 'general.store=nope');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ valid: false, faults: [expect.stringContaining('no driver "nope"')] });
    expect((await check()).stdout).toContain('note: chains.bitcoin: keys.pins has no "/alice/processor/bitcoin"');
  });

  it('says when a port is in use', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    const { code, stderr } = await runCommand('devnet', '--cycles', '1', '--port', String(port));
    server.close();
    expect(code).toBe(6);
    expect(stderr).toContain(`cannot listen on port ${String(port)}`);
  });

  it('refuses a store that was sealed with another key, with nothing written', async () => {
    const data = join(dir, 'devnet');
    expect((await runCommand('devnet', '--cycles', '1', '--data', data)).code).toBe(0);
    writeFileSync(join(data, 'root.key'), `0x${'11'.repeat(32)}\n`);
    const { code, stderr } = await runCommand('devnet', '--cycles', '1', '--data', data);
    expect(code).toBe(5);
    expect(stderr).toContain('was sealed with another master key');
  });
});
