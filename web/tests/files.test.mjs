/** Files that leave the page and files that come in. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { launch, open, state } from './browser.mjs';

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

async function saved(page, name) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: `Save ${name}`, exact: true }).click()]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

/** Whether the browser's own parser takes the text for XML. */
const isXml = (page, text) =>
  page.evaluate((xml) => new DOMParser().parseFromString(xml, 'image/svg+xml').querySelector('parsererror') === null, text);

/** Walks the blocks of a GIF and counts its pictures. */
function gifFrames(bytes) {
  assert.equal(bytes.subarray(0, 6).toString(), 'GIF89a');
  const table = (flags) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + table(bytes[10]);
  let frames = 0;
  const skip = () => {
    while (bytes[at] !== 0) at += bytes[at] + 1;
    at += 1;
  };
  for (;;) {
    const kind = bytes[at];
    if (kind === 0x3b) return frames;
    if (kind === 0x21) {
      at += 2;
      skip();
    } else {
      assert.equal(kind, 0x2c, `block ${kind} at ${at}`);
      frames += 1;
      at += 10 + table(bytes[at + 9]) + 1;
      skip();
    }
  }
}

test('every export opens', async () => {
  const { page, errors, close } = await open(browser, 'v=1&i=2x2&k=3&s=2&p=1&view=scatter&t=2&lang=en');
  const frames = Number((await page.locator('.count').textContent()).split('/')[1]);
  const svg = await saved(page, 'SVG');
  assert.ok(await isXml(page, svg.bytes.toString()));
  const moving = await saved(page, 'animated SVG');
  assert.ok(await isXml(page, moving.bytes.toString()));
  assert.doesNotMatch(moving.bytes.toString(), /<script/);
  const png = await saved(page, 'PNG');
  assert.equal(png.bytes.subarray(1, 4).toString(), 'PNG');
  const size = await page.evaluate(async (base64) => {
    const image = new Image();
    image.src = `data:image/png;base64,${base64}`;
    await image.decode();
    return image.width;
  }, png.bytes.toString('base64'));
  assert.ok(size > 100);
  const gif = await saved(page, 'GIF');
  assert.equal(gifFrames(gif.bytes), frames);
  const tikz = await saved(page, 'TikZ');
  assert.match(tikz.bytes.toString(), /\\begin\{tikzpicture\}[\s\S]*\\end\{tikzpicture\}/);
  const html = await saved(page, 'HTML');
  assert.match(html.bytes.toString(), /<svg/);
  const json = await saved(page, 'JSON');
  assert.equal(JSON.parse(json.bytes.toString()).figure.frames.length, frames);
  assert.deepEqual(errors, []);
  await close();
});

/** A weight of shape (1, 2, 2, 2) as safetensors: the second output channel is 5, 6, 7, 8. */
function weights() {
  const header = JSON.stringify({ 'up.weight': { dtype: 'F32', shape: [1, 2, 2, 2], data_offsets: [0, 32] } });
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(header.length));
  const data = Buffer.alloc(32);
  for (let n = 0; n < 8; n++) data.writeFloatLE(n + 1, n * 4);
  return Buffer.concat([head, Buffer.from(header), data]);
}

test('a weight and a picture are taken in', async () => {
  const { page, errors, close } = await open(browser, 'v=1&i=3x3&k=3&s=2&p=0&lang=en');
  await page.getByText('Open a layer or a picture').click();
  const field = page.locator('input[type=file]');
  await field.setInputFiles({ name: 'up.safetensors', mimeType: 'application/octet-stream', buffer: weights() });
  await page.getByRole('combobox', { name: 'Channels in → out 1' }).selectOption('1');
  await page.getByRole('button', { name: 'Use this kernel' }).click();
  assert.deepEqual([(await state(page)).k, (await state(page)).w], ['2x2', '5,6,7,8']);
  const png = await page.evaluate(() => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [4, 2];
    const context = canvas.getContext('2d');
    context.fillStyle = '#fff';
    context.fillRect(0, 0, 2, 2);
    context.fillStyle = '#000';
    context.fillRect(2, 0, 2, 2);
    return canvas.toDataURL().split(',')[1];
  });
  await field.setInputFiles({ name: 'small.png', mimeType: 'image/png', buffer: Buffer.from(png, 'base64') });
  await page.getByText('small.png became the input').waitFor();
  assert.deepEqual([(await state(page)).i, (await state(page)).x], ['2x4', '9,9,0,0,9,9,0,0']);
  await field.setInputFiles({ name: 'broken.npy', mimeType: 'application/octet-stream', buffer: Buffer.from('nothing') });
  assert.match(await page.locator('.files .alarm').textContent(), /broken\.npy/);
  assert.deepEqual(errors, []);
  await close();
});

test('code and port name the layer', async () => {
  const { page, errors, close } = await open(browser, 'v=1&i=3x3&k=4&s=2&p=1&lang=en');
  const code = page.locator('.codes');
  for (const name of ['PyTorch', 'Keras', 'JAX', 'ONNX', 'Rust']) {
    await code.getByRole('tab', { name }).click();
    assert.ok((await code.locator('code').textContent()).length > 20, name);
  }
  await page.getByText('Move to another framework').click();
  await page.getByRole('combobox', { name: 'to', exact: true }).selectOption({ index: 2 });
  assert.ok((await page.locator('.fold[open] pre').textContent()).length > 20);
  assert.deepEqual(errors, []);
  await close();
});
