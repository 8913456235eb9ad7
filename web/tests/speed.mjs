/**
 * How quick the page is on this machine: `npm run speed`, after `cargo xtask web`. Not among the tests, because a time that
 * is measured on a shared machine proves nothing about a change.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { follow, launch, open, PHONE } from './browser.mjs';

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

test('a frame of a 16x16 layer is drawn within a sixtieth of a second, mostly', async () => {
  const { page, close } = await open(browser, 'v=1&i=16x16&k=3&s=2&p=1&view=scatter');
  const { played, middle } = await page.evaluate(async () => {
    const select = document.querySelector('.player select');
    select.value = '8';
    select.dispatchEvent(new Event('change'));
    document.querySelector('.player .primary').click();
    const times = [];
    let before = performance.now();
    for (let n = 0; n < 90; n++) {
      const now = await new Promise(requestAnimationFrame);
      times.push(now - before);
      before = now;
    }
    document.querySelector('.player .primary').click();
    times.sort((a, b) => a - b);
    return { played: Number(document.querySelector('.player input').value), middle: times[45] };
  });
  assert.ok(played > 3, `only ${played} steps were played`);
  // The middle frame of a software renderer on a shared machine: two frames' time is the alarm.
  console.log(`the middle frame took ${middle.toFixed(1)} ms`);
  assert.ok(middle < 34, `the middle frame took ${middle.toFixed(1)} ms`);
  await close();
});

test('the first words are painted before the engine starts', async () => {
  // A processor a quarter as fast stands for a slow phone.
  const { page, close } = await open(browser, '', { viewport: PHONE });
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  await page.reload();
  await page.waitForSelector('html[data-ready=true]');
  const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0);
  console.log(`first paint after ${paint} ms`);
  assert.ok(paint > 0 && paint < 1000, `first paint after ${paint} ms`);
  await follow(page, 'v=1&i=2x2&k=2&s=2&p=0');
  await close();
});
