// Takes the picture of the page that README.md and docs/status.md show, from a devnet that runs for it. Needs Chromium.
import { writeFileSync } from 'node:fs';
import { openBrowser } from '../test/support/browser.ts';
import { startDevnetPage } from '../test/support/devnetPage.ts';

const devnet = await startDevnetPage('--networks', 'bitcoin,monero', '--seed', '7');
const browser = await openBrowser();
try {
  const { page } = browser;
  await page.look({ width: 1200, height: 1240, scale: 1 });
  await page.open(devnet.url);
  await page.until("document.getElementById('sets').innerText.split('active').length > 2");
  await page.until("document.getElementById('solvency').innerText.split('solvent').length > 2");
  await page.until("document.getElementById('peers').innerText.includes('3 of 3 connected')");
  // With one of them away attempts last long enough to be looked at.
  await page.evaluate("document.getElementById('fault-away').click()");
  await page.until("document.getElementById('peers').innerText.includes('2 of 3 connected')");
  await page.until("document.querySelector('#attempts details') && document.querySelector('#attempts').innerText.includes('Waits for')");
  await page.evaluate("document.querySelector('#attempts details').open = true");
  writeFileSync(new URL('../docs/images/page.png', import.meta.url), await page.picture());
} finally {
  await browser.close();
  await devnet.stop();
}
