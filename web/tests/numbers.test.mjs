/** The numbers on the page are those of an independent definition. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { follow, launch, open } from './browser.mjs';
import { random, scatter } from './oracle.mjs';

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

/** A random legal problem with numbers listed in the link. */
function problem(number) {
  for (;;) {
    const [h, v, k, l] = [number(1, 4), number(1, 4), number(1, 4), number(1, 4)];
    const [s, d, p] = [number(1, 3), number(1, 2), number(0, 2)];
    const op = number(0, Math.max(s, d) - 1);
    const list = (rows, columns) => Array.from({ length: rows }, () => Array.from({ length: columns }, () => number(-9, 9)));
    const [x, w] = [list(h, v), list(k, l)];
    const y = scatter(x, w, { s, d, p, op });
    if (y.length < 1 || !y[0] || y[0].length < 1) continue;
    const query = `v=1&i=${h}x${v}&k=${k}x${l}&s=${s}&p=${p}&op=${op}&d=${d}&x=${x.flat()}&w=${w.flat()}`;
    return { query, y };
  }
}

/** The output's cells as the page shows them, by index. */
async function output(page) {
  await page.click('.stage .toggle');
  const table = await page.evaluate(() => {
    const tables = [...document.querySelectorAll('.tables table')];
    const last = tables.find((one) => /^output/i.test(one.caption.textContent)) ?? tables.at(-1);
    return [...last.tBodies[0].rows].map((row) => [...row.cells].slice(1).map((cell) => cell.textContent));
  });
  await page.click('.stage .toggle');
  return table;
}

test('outputs of random problems equal the oracle', async () => {
  const number = random(20);
  const { page, errors, close } = await open(browser);
  for (let round = 0; round < 25; round++) {
    const { query, y } = problem(number);
    await follow(page, `${query}&view=four-steps&t=99999`);
    const shown = await output(page);
    const expected = y.map((row) => row.map(String));
    assert.deepEqual(shown.map((row) => row.map((text) => text.replace('−', '-'))), expected, query);
  }
  assert.deepEqual(errors, []);
  await close();
});
