/** Chromium, and a page in it that notices every complaint. */

import { existsSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const PAGE = fileURLToPath(new URL('../dist/index.html', import.meta.url));

/** The page's address on this disk: no server, no network. */
export const ADDRESS = `file://${PAGE}`;

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

export function pageSize() {
  if (!existsSync(PAGE)) throw new Error('web/dist/index.html is missing: run `cargo xtask web` first');
  return statSync(PAGE).size;
}

export function launch() {
  return chromium.launch({
    executablePath: process.env.CONVT_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: FLAGS,
  });
}

/** A page in a context of its own, off line, with the list of all errors it has reported. */
export async function open(browser, fragment = '', options = {}) {
  const { search = '', ...context } = options;
  const own = await browser.newContext({ viewport: DESKTOP, locale: 'en-US', offline: true, acceptDownloads: true, ...context });
  const page = await own.newPage();
  const errors = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('request', (request) => {
    if (/^(https?|wss?):/.test(request.url())) errors.push(`network: ${request.url()}`);
  });
  await page.goto(`${ADDRESS}${search}${fragment ? `#${fragment}` : ''}`);
  await page.waitForSelector('html[data-ready=true]');
  return { page, errors, close: () => own.close() };
}

/** The key=value pairs of the page's fragment. */
export async function state(page) {
  const hash = await page.evaluate(() => location.hash.slice(1));
  return Object.fromEntries(new URLSearchParams(hash));
}

/** Keeps a picture of the page for people to look at, where `CONVT_SHOTS` names a folder. */
export async function shot(page, name, fullPage = false) {
  const folder = process.env.CONVT_SHOTS;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage });
}

export const VIEWS = ['four-steps', 'scatter', 'matrix', 'side-by-side', 'gradient', 'overlap', 'reach'];

/** Follows a link within the page, as a reader would who changes the address. */
export async function follow(page, fragment) {
  await page.evaluate(
    (hash) =>
      new Promise((done) => {
        if (location.hash === `#${hash}`) return done();
        addEventListener('hashchange', () => setTimeout(done), { once: true });
        location.hash = hash;
      }),
    fragment,
  );
}
