/** Every view and every example, in both languages, without a complaint; off line, small and quick. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DESKTOP, launch, open, pageSize, PHONE, shot, VIEWS } from './browser.mjs';

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

test('the page is one small file', () => {
  assert.ok(pageSize() < 1_500_000, `${pageSize()} bytes`);
});

for (const lang of ['en', 'zh']) {
  test(`every example in every view: ${lang}`, async () => {
    const { page, errors, close } = await open(browser, `v=1&lang=${lang}`);
    const chips = await page.locator('.chip').count();
    assert.ok(chips >= 8);
    for (let at = 0; at < chips; at++) {
      await page.locator('.chip').nth(at).click();
      for (const view of VIEWS) {
        await page.click(`#tab-${view}`);
        assert.equal(await page.locator('.alarm[role=alert]').textContent(), '');
        const picture = page.locator('.picture svg');
        const box = await picture.boundingBox();
        assert.ok(box && box.width > 100 && box.height > 60, `${view} of example ${at}`);
        assert.ok((await page.locator('.spot').count()) > 0);
        assert.notEqual(await page.locator('.caption').textContent(), '');
        if (at === 3) await shot(page, `view-${view}-${lang}`);
      }
    }
    assert.equal(await page.getAttribute('html', 'lang'), lang === 'zh' ? 'zh-CN' : 'en');
    assert.deepEqual(errors, []);
    await close();
  });
}

test('desktop and phone, light and dark', async () => {
  for (const [name, viewport, options] of [
    ['desktop', DESKTOP, {}],
    ['phone', PHONE, { hasTouch: true, isMobile: true, deviceScaleFactor: 2 }],
  ]) {
    for (const colorScheme of ['light', 'dark']) {
      for (const lang of ['en', 'zh']) {
        const fragment = `v=1&i=3x3&k=3&s=2&p=1&view=four-steps&t=9&lang=${lang}`;
        const { page, errors, close } = await open(browser, fragment, { viewport, colorScheme, ...options });
        assert.equal(await page.getAttribute('html', 'data-theme'), colorScheme);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(wide <= 0, `${name} scrolls sideways by ${wide}`);
        await shot(page, `${name}-${colorScheme}-${lang}`);
        if (lang === 'en') await shot(page, `${name}-${colorScheme}-whole`, true);
        assert.deepEqual(errors, []);
        await close();
      }
    }
  }
});

test('targets on a phone are at least 44 px', async () => {
  const { page, close } = await open(browser, '', { viewport: PHONE, hasTouch: true, isMobile: true });
  const small = await page.evaluate(() =>
    [...document.querySelectorAll('button, select, summary, input:not([type=file], [type=checkbox])')]
      .filter((one) => one.offsetParent !== null && !one.matches('.hint'))
      .map((one) => ({ name: one.getAttribute('aria-label') ?? one.textContent, box: one.getBoundingClientRect() }))
      .filter(({ box }) => box.height > 0 && box.height < 43.5)
      .map(({ name, box }) => `${name}: ${box.width.toFixed(0)} x ${box.height.toFixed(0)}`),
  );
  assert.deepEqual(small, []);
  await close();
});
