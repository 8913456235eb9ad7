/** The page without a mouse, without sight, without motion. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { launch, open, PHONE, state, VIEWS } from './browser.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

/** What axe finds serious or critical, as short lines. */
async function serious(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html, any }) => `${html.slice(0, 120)} ${any[0]?.message ?? ''}`).join(' | ')}`);
}

test('axe finds nothing serious', async () => {
  for (const options of [{}, { colorScheme: 'dark' }, { viewport: PHONE, hasTouch: true, isMobile: true }]) {
    for (const lang of ['en', 'zh']) {
      const { page, close } = await open(browser, `v=1&i=3x3&k=3&s=2&p=1&lang=${lang}&at=output:1,1`, options);
      for (const view of VIEWS) {
        await page.click(`#tab-${view}`);
        assert.deepEqual(await serious(page), [], `${view} ${lang} ${JSON.stringify(options)}`);
        if (lang === 'zh') break;
      }
      await page.locator('details').evaluateAll((all) => all.forEach((one) => (one.open = true)));
      await page.locator('.choices button').first().click();
      await page.click('.stage .toggle');
      assert.deepEqual(await serious(page), [], `open panels ${lang}`);
      await page.evaluate(() => (location.hash = 'v=1&op=9'));
      await page.waitForSelector('.size.wrong');
      assert.deepEqual(await serious(page), [], `invalid ${lang}`);
      await close();
    }
  }
});

test('everything is reached and worked by keys alone', async () => {
  const { page, errors, close } = await open(browser, 'v=1&i=3x3&k=3&s=2&p=1&lang=en');
  // Views by digits, steps by brackets, play by space.
  await page.keyboard.press('2');
  assert.equal((await state(page)).view, 'scatter');
  await page.keyboard.press(']');
  await page.keyboard.press(']');
  await page.keyboard.press('[');
  assert.equal((await state(page)).t, '2');
  await page.keyboard.press('Space');
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  await page.keyboard.press('Space');
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
  // Tab comes to the grid; arrows walk in it and the inspector follows.
  let inside = false;
  for (let n = 0; n < 120 && !inside; n++) {
    await page.keyboard.press('Tab');
    inside = await page.evaluate(() => document.activeElement.getAttribute('role') === 'gridcell');
  }
  assert.ok(inside, 'Tab never reaches the cells');
  const label = () => page.evaluate(() => document.activeElement.getAttribute('aria-label'));
  const seen = new Set();
  for (const key of ['ArrowRight', 'ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowLeft', 'ArrowUp']) {
    await page.keyboard.press(key);
    seen.add(await label());
  }
  assert.ok(seen.size >= 3, [...seen].join('; '));
  for (const text of seen) assert.match(text, /row \d+ column \d+, value/);
  assert.ok((await state(page)).at);
  assert.notEqual(await page.locator('.inspector .result').textContent(), '');
  // Editing an input cell.
  await page.locator('.spot[data-map=input]').first().focus();
  await page.keyboard.press('e');
  await page.keyboard.type('7');
  await page.keyboard.press('Enter');
  assert.match((await state(page)).x, /^7,/);
  // Table, help, and out again.
  await page.keyboard.press('t');
  assert.ok(await page.locator('.tables table').first().isVisible());
  await page.keyboard.press('t');
  await page.keyboard.press('?');
  assert.ok(await page.locator('dialog').isVisible());
  await page.keyboard.press('Escape');
  assert.ok(!(await page.locator('dialog').isVisible()));
  assert.deepEqual(errors, []);
  await close();
});

test('an output cell says what it is made of', async () => {
  const { page, close } = await open(browser, 'v=1&i=2x2&k=3&s=1&p=0&view=scatter&t=999&x=ones&w=ones&lang=en');
  const cell = page.locator('.spot[data-map=output][data-index$="1,1"]').first();
  await cell.click();
  assert.match(await cell.getAttribute('aria-label'), /output, .*row 1 column 1, value 4, sum of 4 products/);
  assert.match(await page.locator('.inspector').innerText(), /4 products/);
  await close();
});

test('nothing moves by itself', async () => {
  const { page, close } = await open(browser, '', { reducedMotion: 'reduce' });
  const before = await page.locator('.count').textContent();
  await page.waitForTimeout(800);
  assert.equal(await page.locator('.count').textContent(), before);
  await close();
});
