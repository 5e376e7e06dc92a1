import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { configuredTracer } from '../../src/commands/configuredTracer.ts';
import { loadConfig } from '../../src/core/loadConfig.ts';
import { openLog } from '../../src/core/log.ts';
import { openSeraiNode } from '../../src/devnet/node/seraiNode.ts';
import { spanOf, traceOfBlock } from '../../src/domain/tracing/trace.ts';
import { openMemoryStore } from '../../src/drivers/memory/memoryStore.ts';
import { type OpenTracer, openTracer } from '../../src/drivers/openTelemetry/openTracer.ts';
import { traceMetrics } from '../../src/modules/traceMetrics.ts';
import { configFile } from '../support/configFile.ts';
import { openObserver } from '../support/observer.ts';
import { type OtlpReceiver, openOtlpReceiver } from '../support/otlpReceiver.ts';

const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

const receiver = async (): Promise<OtlpReceiver> => {
  const open = await openOtlpReceiver();
  opened.push(open.close);
  return open;
};

const tracerTo = (endpoint: string): OpenTracer & { readonly states: (string | undefined)[] } => {
  const states: (string | undefined)[] = [];
  const changed = (reason: string | undefined): void => {
    states.push(reason);
  };
  return { ...openTracer({ endpoint, headers: {}, ratio: 1, name: 'alice', version: '1', changed }), states };
};

/** An address where connections are taken, and nothing is ever answered. */
const silentEndpoint = async (): Promise<string> => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    opened.push(() => Promise.resolve(socket.destroy()));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  opened.push(() => Promise.resolve(server.close()));
  const address = server.address();
  return `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : '')}`;
};

const trace = traceOfBlock(`0x${'11'.repeat(32)}`);

const spans = (count: number) =>
  Array.from({ length: count }, (_, index) => {
    const parent = index === 0 ? undefined : spanOf(trace, String(index - 1));
    const start = 1_790_000_000_000 + index;
    return {
      trace,
      span: spanOf(trace, String(index)),
      parent,
      name: 'test',
      kind: 'internal',
      start,
      end: start + 0.5,
      attributes: { index },
    } as const;
  });

describe('spans', () => {
  it('arrive by OTLP with the ids, times and parents they were told with', async () => {
    const { spans: received, malformed, url } = await receiver();
    const tracer = tracerTo(url);
    const told = spans(3);
    for (const span of told) tracer.tell(span);
    tracer.tell({ ...told[0], span: spanOf(trace, 'failed'), error: 'record.unhandled' } as never);
    await tracer.close();
    expect(malformed).toEqual([]);
    expect(received.map(({ span, parent, start, end, error }) => ({ span, parent, start, end, error }))).toEqual([
      ...told.map(({ span, parent, start, end }) => ({ span, parent, start, end, error: undefined })),
      { span: spanOf(trace, 'failed'), parent: undefined, start: told[0]?.start, end: told[0]?.end, error: 'record.unhandled' },
    ]);
    expect(received[2]).toMatchObject({ trace, service: 'alice-coordinator', attributes: { index: '2' } });
    expect(tracer.counts()).toEqual({ exported: 4, failed: 0, dropped: 0 });
  });

  it('go with the headers of a file that only we can read', async () => {
    const { headers, url } = await receiver();
    const file = join(mkdtempSync(join(tmpdir(), 'tracing-')), 'headers');
    writeFileSync(file, 'authorization: Bearer of=it\nx-scope: serai\n', { mode: 0o600 });
    const config = (more: string) =>
      loadConfig(configFile('127.0.0.1:9', `[tracing]\nendpoint = "${url}"\nheaders_file = "${more}"`), {}, []);
    const tracer = await configuredTracer(config(file), openLog('silent'));
    for (const span of spans(1)) tracer?.tell(span);
    await tracer?.close();
    expect(headers).toMatchObject([{ authorization: 'Bearer of=it', 'x-scope': 'serai' }]);
    writeFileSync(file, 'Bearer 1');
    await expect(configuredTracer(config(file), openLog('silent'))).rejects.toThrow('line 1 is no header');
    writeFileSync(`${file}.open`, 'a: b', { mode: 0o644 });
    await expect(configuredTracer(config(`${file}.open`), openLog('silent'))).rejects.toThrow('can be read by others');
  });

  it('are counted where the endpoint refuses them, and told again once it takes them', async () => {
    const otlp = await receiver();
    const tracer = tracerTo(otlp.url);
    otlp.answer = 400;
    for (const span of spans(512)) tracer.tell(span);
    await vi.waitFor(() => {
      expect(tracer.counts()).toEqual({ exported: 0, failed: 512, dropped: 0 });
    });
    otlp.answer = 200;
    for (const span of spans(512)) tracer.tell(span);
    await vi.waitFor(() => {
      expect(tracer.counts()).toEqual({ exported: 512, failed: 512, dropped: 0 });
    });
    expect(tracer.states).toEqual([expect.any(String), undefined]);
    await tracer.close();
    const registry = new Registry();
    traceMetrics(registry, tracer.counts);
    expect(await registry.metrics()).toContain('serai_coordinator_trace_spans_total{outcome="failed"} 512');
  });
});

describe('an endpoint that never answers', () => {
  it('costs the spans beyond a bound, which are counted, and nothing else', async () => {
    const tracer = tracerTo(await silentEndpoint());
    for (const span of spans(10_000)) tracer.tell(span);
    expect(tracer.counts()).toEqual({ exported: 0, failed: 0, dropped: 10_000 - 4_096 });
    // Two seconds at most, though exports have ten.
    await tracer.close();
    expect(tracer.counts().dropped).toBe(10_000 - 4_096);
  });

  it('does not keep a coordinator from its work, nor from its end', async () => {
    let clock = 1_790_000_000_000;
    const node = await openSeraiNode({ store: openMemoryStore(), port: 0, blockTime: 0, now: () => (clock += 6_000) });
    opened.push(() => node.close());
    const tracer = tracerTo(await silentEndpoint());
    // So many wait already that none can be taken.
    for (const span of spans(4_096)) tracer.tell(span);
    const observer = await openObserver({ endpoints: [node.url], tracer });
    opened.push(observer.stop);
    for (let height = 0; height < 20; height += 1) await node.produceBlock();
    await vi.waitFor(
      () => {
        expect(observer.heights().length).toBeGreaterThan(15);
      },
      { timeout: 15_000, interval: 20 },
    );
    expect(tracer.counts().dropped).toBeGreaterThan(15);
    await observer.stop();
    await tracer.close();
  });
});

describe('without [tracing]', () => {
  /** Loads what the commands load, and prints what of OpenTelemetry came along, but its API package, which prom-client loads. */
  const LOAD = `
    import { registerHooks } from 'node:module';
    registerHooks({ resolve: (name, context, next) => {
      const found = next(name, context);
      if (/@opentelemetry\\/(?!api\\/)|openTelemetry/.test(found.url)) console.log(found.url);
      return found;
    } });
    await import('./src/commands/devnet.ts');
    await import('./src/commands/run.ts');
    const { configuredTracer } = await import('./src/commands/configuredTracer.ts');
    const tracerOf = (tracing) => configuredTracer({ general: { name: 'alice' }, tracing }, { info() {}, warn() {} });
    await tracerOf(undefined);
    console.log('then with it:');
    await tracerOf({ endpoint: 'http://127.0.0.1:9', ratio: 1 });
    process.exit(0);
  `;

  it('nothing of OpenTelemetry is loaded', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', LOAD]);
    const [without, withIt] = stdout.split('then with it:\n');
    expect(without).toBe('');
    expect(withIt).toContain('sdk-trace');
  });
});
