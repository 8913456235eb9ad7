/** Links, history, invalid parameters, editing: the state and what it survives. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { follow, launch, open, shot, state } from './browser.mjs';

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const stepper = (page, name) => page.getByRole('textbox', { name, exact: true });

test('a link holds the exact frame', async () => {
  const fragment = 'v=1&i=2x3&k=2x3&s=2&p=0&op=1&d=1&g=1&x=1,-2,3,4,5,6&w=1,2,3,4,5,6.5&view=scatter&t=4&lang=zh&at=output:1,2';
  const first = await open(browser, fragment, { permissions: ['clipboard-read', 'clipboard-write'] });
  const see = (page) =>
    page.evaluate(() => [document.querySelector('.picture').innerHTML, document.querySelector('.caption').textContent, document.querySelector('.inspector').textContent]);
  const before = await see(first.page);
  await first.page.keyboard.press('l');
  await first.page.waitForSelector('.toast.on');
  const address = await first.page.evaluate(() => navigator.clipboard.readText().catch(() => location.href));
  const second = await open(browser, address.split('#')[1]);
  assert.deepEqual(await see(second.page), before);
  assert.deepEqual([...first.errors, ...second.errors], []);
  await first.close();
  await second.close();
});

test('the overlap view balances the kernel', async () => {
  const { page, errors, close } = await open(browser, 'v=1&i=4&k=3&s=2&p=0&w=1,2,3&view=overlap&lang=zh');
  await page.click('.stage .balance');
  // Phases a + c = 4 and b = 2 both become 3.
  assert.equal((await state(page)).w, '0.75,3,2.25');
  await page.goBack();
  assert.equal((await state(page)).w, '1,2,3');
  await page.keyboard.press('1');
  assert.equal(await page.locator('.stage .balance').isVisible(), false);
  assert.deepEqual(errors, []);
  await close();
});

test('back and forward undo and redo', async () => {
  const { page, errors, close } = await open(browser, 'v=1&i=3x3&k=3&s=2&p=1');
  await page.getByRole('button', { name: 'more stride' }).click();
  await page.getByRole('button', { name: 'more padding', exact: true }).click();
  assert.deepEqual([(await state(page)).s, (await state(page)).p], ['3', '2']);
  await page.goBack();
  assert.equal(await stepper(page, 'padding').inputValue(), '1');
  await page.goBack();
  assert.equal(await stepper(page, 'stride').inputValue(), '2');
  await page.goForward();
  assert.equal(await stepper(page, 'stride').inputValue(), '3');
  assert.deepEqual(errors, []);
  await close();
});

test('invalid parameters say why and are one click from legal', async () => {
  const wrong = ['op=2', 'op=7&s=1', 'p=9', 'k=0', 's=0', 'd=0', 'i=0x3', 'g=3', 'c=0-0', 'k=2x2x2', 'p=-1', 'k=banana', 'i=9999999x9999999', 'i=300x300', 'x=1,2', 'w=hello', 'view=nothing'];
  for (const lang of ['en', 'zh']) {
    const { page, errors, close } = await open(browser);
    for (const part of wrong) {
      await follow(page, `v=1&i=3x3&k=3&s=2&p=1&lang=${lang}&${part}`);
      const alarm = page.locator('.size .alarm');
      assert.ok((await alarm.locator('p').first().textContent()).length > 5, part);
      if (part === 'op=2') await shot(page, `invalid-${lang}`);
      const repairs = alarm.locator('button');
      assert.ok((await repairs.count()) > 0, `${part} has no repair`);
      await repairs.first().click();
      assert.equal(await alarm.textContent(), '', `${part} was not repaired`);
      assert.ok(await page.locator('.picture svg').isVisible());
    }
    assert.deepEqual(errors, []);
    await close();
  }
});

test('typing any value is allowed', async () => {
  const { page, errors, close } = await open(browser, 'v=1&i=3x3&k=3&s=2&p=1');
  await stepper(page, 'output_padding').fill('5');
  await stepper(page, 'output_padding').press('Enter');
  await page.getByRole('button', { name: 'set output_padding = 1' }).click();
  assert.equal(await stepper(page, 'output_padding').inputValue(), '1');
  assert.match(await page.locator('.equation').innerText(), /= 6$/);
  assert.deepEqual(errors, []);
  await close();
});

test('a number is edited where it stands', async () => {
  const { page, errors, close } = await open(browser, 'v=1&i=2x2&k=2&s=1&p=0&view=scatter&t=99');
  await page.locator('.spot[data-map=input][data-index$="0,0"]').first().dblclick();
  await page.locator('.editor').fill('100');
  await page.keyboard.press('Enter');
  assert.equal((await state(page)).x, '100,2,3,4');
  await page.goBack();
  assert.equal((await state(page)).x, undefined);
  assert.deepEqual(errors, []);
  await close();
});

test('two axes can differ, and there can be one or three', async () => {
  const { page, errors, close } = await open(browser, 'v=1&i=3x3&k=3&s=2&p=1');
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('checkbox').uncheck();
  await page.getByRole('button', { name: 'more stride, axis 1' }).click();
  assert.equal((await state(page)).s, '2x3');
  await page.getByRole('combobox', { name: 'Axes' }).selectOption('1');
  assert.equal((await state(page)).i, '3');
  await page.getByRole('combobox', { name: 'Axes' }).selectOption('3');
  assert.equal((await state(page)).i, '3x3x3');
  assert.equal(await page.locator('.size .alarm').textContent(), '');
  assert.deepEqual(errors, []);
  await close();
});

test('the solver finds what it says and uses it', async () => {
  const { page, errors, close } = await open(browser);
  await page.getByText('Find parameters').click();
  await page.getByRole('spinbutton', { name: 'from input' }).fill('5');
  await page.getByRole('spinbutton', { name: 'to output' }).fill('11');
  await page.getByRole('button', { name: /^Use: / }).first().click();
  assert.match(await page.locator('.equation').first().innerText(), /= 11$/);
  assert.deepEqual(errors, []);
  await close();
});

test('the six questions drive the stage', async () => {
  const { page, errors, close } = await open(browser, '', { reducedMotion: 'reduce' });
  const cards = page.locator('.card');
  assert.equal(await cards.count(), 6);
  for (let at = 0; at < 6; at++) {
    const card = cards.nth(at);
    assert.equal(await card.locator('.verdict').textContent(), '');
    await card.locator('.choices button').first().click();
    assert.equal(await card.locator('.right').count(), 1);
    await card.getByRole('button', { name: /Show on the stage/ }).click();
    assert.equal(await page.locator('.size .alarm').textContent(), '');
  }
  assert.deepEqual(errors, []);
  await close();
});

test('embedded, only the picture and its controls remain', async () => {
  const { page, errors, close } = await open(browser, 'v=1&i=3x3&k=4&s=2&p=1&view=scatter&t=3', { search: '?embed=1', viewport: { width: 800, height: 520 } });
  for (const part of ['.bar', '.tools', '.story']) assert.equal(await page.locator(part).count(), 0);
  assert.ok(await page.locator('.picture svg').isVisible());
  assert.ok(await page.locator('.player').isVisible());
  await shot(page, 'embed');
  assert.deepEqual(errors, []);
  await close();
});
