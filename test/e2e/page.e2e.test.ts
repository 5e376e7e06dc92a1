import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Hex } from '../../src/domain/hex.ts';
import { openHealthServer } from '../../src/drivers/http/healthServer.ts';
import { type BrowserPage, chromium, openBrowser } from '../support/browser.ts';
import { startDevnetPage } from '../support/devnetPage.ts';
import { someStatus } from '../support/someStatus.ts';

const AXE = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

const VIEWS = [
  { width: 360, height: 740, scheme: 'light' },
  { width: 360, height: 740, scheme: 'dark' },
  { width: 1280, height: 900, scheme: 'light' },
  { width: 1280, height: 900, scheme: 'dark' },
] as const;

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly target: unknown; readonly failureSummary: string }[];
}

/** Looks at the page as on a phone and on a desk, light and dark: nothing is wider than the window, and axe finds nothing. */
const inspect = async (page: BrowserPage): Promise<void> => {
  await page.evaluate(`${AXE};0`);
  for (const view of VIEWS) {
    await page.look(view);
    await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
    const ground = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    expect(ground).toBe(view.scheme === 'dark' ? 'rgb(17, 20, 27)' : 'rgb(245, 246, 248)');
    expect([view, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([view, view.width]);
    const found = await page.evaluate<readonly Violation[]>(
      "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ target, failureSummary }) => ({ target, failureSummary })) })))",
    );
    expect([view, found]).toEqual([view, []]);
  }
};

describe.skipIf(chromium === undefined)('the page, in a browser', () => {
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
  });

  it('shows a running devnet live, switches its faults, and says when nothing answers any more', async () => {
    const { page } = browser;
    const devnet = await startDevnetPage('--seed', '3');
    onTestFinished(async () => {
      await devnet.stop();
    });
    const text = (id: string): string => `document.getElementById('${id}').innerText`;
    await page.look(VIEWS[2]);
    await page.open(devnet.url);
    await page.until(`${text('name')} === 'alice'`);
    await page.until(`${text('peers')}.includes('3 of 3 connected')`);
    await page.until(`${text('sets')}.includes('Bitcoin/0') && ${text('sets')}.includes('active')`);
    await page.until(`${text('solvency')}.includes('solvent')`);
    await page.until(`${text('verdict')}.startsWith('Well')`);
    const block = `Number(/Serai block\\s+(\\d+)/.exec(${text('facts')})[1])`;
    await page.until(`${block} > ${String(await page.evaluate<number>(block))}`);

    // With two of four away nothing can be signed: what waits is shown with its party, the reasons, and whom it waits for.
    await page.evaluate("document.getElementById('devnet-faults').open = true");
    await page.until("document.getElementById('amount-away')");
    await page.evaluate("document.getElementById('amount-away').value = '2'; document.getElementById('fault-away').click()");
    await page.until(`${text('faults-said')} === 'away is on'`);
    await page.until(`${text('peers')}.includes('1 of 3 connected')`);
    await page.until("document.querySelector('#attempts details table')");
    const reasons = await page.evaluate<string>("document.querySelector('#attempts details table').textContent");
    expect(reasons).toMatch(/drawn among the first 3|drawn after the party of 3 was full|no proposal is known here/);
    await inspect(page);

    // Who is away says so; the others are one click apart.
    await page.open(`${devnet.url}dave/`);
    await page.until("!document.getElementById('silence').hidden");
    expect(await page.evaluate(text('silence'))).toContain('The process answered 503.');
    await page.evaluate('document.querySelector(\'.devnet nav a[href="/bob/"]\').click()');
    await page.until(`location.pathname === '/bob/' && document.getElementById('name') && ${text('name')} === 'bob'`);
    await page.until("document.getElementById('fault-away') && document.getElementById('fault-away').checked");
    await page.evaluate("document.getElementById('fault-away').click()");
    await page.until(`${text('peers')}.includes('3 of 3 connected')`);
    await page.until(`${text('attempts')}.includes('Nothing waits') || ${text('attempts')}.includes('shares')`);

    // A foreign page switches nothing.
    const switched = (headers: Record<string, string>) =>
      fetch(`${devnet.url}faults`, { method: 'POST', headers, body: '{"fault":"stall","value":1}' }).then((answer) => answer.status);
    expect(await switched({ 'content-type': 'application/json', origin: 'http://evil.example' })).toBe(403);
    expect(await switched({ 'content-type': 'text/plain' })).toBe(415);
    expect(
      await page.evaluate(
        "fetch('/faults').then((answer) => answer.json()).then(({ faults }) => faults.find(({ fault }) => fault === 'stall').value)",
      ),
    ).toBe(0);

    expect(page.complaints.filter((one) => !one.includes('503'))).toEqual([]);
    await devnet.stop();
    await page.until("!document.getElementById('silence').hidden && document.title.startsWith('(!)')");
    expect(await page.evaluate(text('silence'))).toMatch(/^No answer since .*is it running\?$/);
    await inspect(page);
  });

  it('shows as text whatever other validators and errors say, and runs none of it', async () => {
    const { page } = browser;
    const evil = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script><svg onload="window.hacked=1">';
    const key: Hex = `0x${'ab'.repeat(32)}`;
    const status = () =>
      someStatus({
        now: Date.now(),
        name: evil,
        version: evil,
        validator: key,
        stages: [{ name: evil, waiting: 1, movedAt: 0, reason: evil.repeat(20) }],
        peers: {
          ...{ self: key, listens: [evil], height: 1, refused: { [evil]: 1 }, stopped: evil },
          peers: [
            {
              ...{
                validator: key,
                state: 'disconnected',
                since: 0,
                address: evil,
                openedBy: 'them',
                roundTrip: 1,
                queue: 1,
                version: evil,
              },
              ...{ protocol: 1, epoch: 1, certificateUntil: 1, throttled: false, links: 1, failures: 1 },
              ...{ sentMessages: 1, sentBytes: 1, receivedMessages: 1, receivedBytes: 1 },
              lastError: { code: evil, text: evil.repeat(3), at: 0, theirs: true },
              theirs: { since: 0, roundTrip: 1, queue: 1, lastError: { code: evil, at: 0 }, at: 0 },
            },
          ],
        },
        signing: {
          ...{ head: null, networks: [], sets: [], open: 0, attempts: [] },
          stops: [{ scope: evil, code: evil, reason: evil }],
          quarantine: { since: 0, reasons: [evil] },
        },
        solvency: [{ network: 'Bitcoin', coin: evil, state: 'halted', breaches: 1, goods: 0, tolerance: '0', sum: null, waitsFor: evil }],
        deadLetters: { open: 1, newest: [{ at: '1', by: evil, topic: evil, offset: '1', fate: 'refused', code: evil, time: evil }] },
        backups: [{ module: evil, made: null, verified: null, age: null, interval: 21_600, failing: evil }],
      });
    const server = await openHealthServer({ host: '127.0.0.1', port: 0, status });
    onTestFinished(() => server.close());
    page.complaints.length = 0;
    await page.open(server.url);
    await page.until("document.getElementById('backups').innerText.includes('onerror')");
    for (const id of ['name', 'facts', 'stuck', 'stops', 'peers', 'solvency', 'letters', 'backups'])
      expect([id, await page.evaluate<string>(`document.getElementById('${id}').innerText`)]).toEqual([
        id,
        expect.stringContaining('<img src=x'),
      ]);
    expect(await page.evaluate("document.querySelectorAll('img, svg, body script').length")).toBe(0);
    expect(await page.evaluate('window.hacked === undefined')).toBe(true);
    // The page before may still complain of its devnet, which is gone.
    expect(page.complaints.filter((one) => !one.includes('ERR_CONNECTION_REFUSED'))).toEqual([]);
    await inspect(page);
  });

  it('leads to the same as JSON where scripts do not run', async () => {
    const { page } = browser;
    const server = await openHealthServer({ host: '127.0.0.1', port: 0, status: () => someStatus() });
    onTestFinished(() => server.close());
    await page.send('Emulation.setScriptExecutionDisabled', { value: true });
    onTestFinished(async () => {
      await page.send('Emulation.setScriptExecutionDisabled', { value: false });
    });
    await page.open(server.url);
    await page.until("document.body.innerText.includes('needs JavaScript')");
    expect(await page.evaluate("document.querySelector('noscript a').href")).toBe(`${server.url}/status`);
  });
});
