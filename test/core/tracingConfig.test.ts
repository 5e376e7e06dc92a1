import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/core/loadConfig.ts';
import { configFile } from '../support/configFile.ts';

const load = (tracing: string, overrides: readonly string[] = []) =>
  loadConfig(configFile('127.0.0.1:9092', tracing), {}, overrides).tracing;

describe('[tracing]', () => {
  it('is off unless it is there', () => {
    expect(load('')).toBeUndefined();
  });

  it('needs an endpoint only, and tells of everything then', () => {
    expect(load('[tracing]\nendpoint = "http://127.0.0.1:4318"')).toEqual({ endpoint: 'http://127.0.0.1:4318', ratio: 1 });
  });

  it('is also given by the command line or the environment', () => {
    expect(load('', ['tracing.endpoint=https://traces.example/v1/traces', 'tracing.ratio=0.1'])).toEqual({
      endpoint: 'https://traces.example/v1/traces',
      ratio: 0.1,
    });
    const file = join(mkdtempSync(join(tmpdir(), 'tracing-')), 'headers');
    writeFileSync(file, 'authorization: Bearer 1\n', { mode: 0o600 });
    const env = { COORDINATOR_TRACING__ENDPOINT: 'http://[::1]:4318', COORDINATOR_TRACING__HEADERS_FILE: file };
    expect(loadConfig(configFile('127.0.0.1:9092'), env, []).tracing).toMatchObject({ headers_file: file });
  });

  it('names what is wrong', () => {
    expect(() => load('[tracing]\nendpoint = "127.0.0.1:4318"\nratio = 0\nheader = "x"')).toThrow(
      /tracing\.endpoint: expected the address of an OTLP endpoint[\s\S]*tracing\.ratio: expected a number above 0/,
    );
    expect(() => load('[tracing]\nendpoint = "grpc://x"')).toThrow('expected the address of an OTLP endpoint');
    expect(() => load('[tracing]\nendpoint = "http://x"\nheader_file = "x"')).toThrow('did you mean "headers_file"?');
  });
});
