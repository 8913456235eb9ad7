/** Links and files of what is on the stage. */

import type { App, Model, Part } from '../app';
import { button, h } from '../dom';
import { ask, failed } from '../engine';
import { embed, link } from '../url';
import { copy, save } from './copy';

/** Files of one step, and files of all steps. */
const STILL = ['svg', 'png', 'tex'] as const;
const MOVING = ['gif', 'animated.svg', 'html', 'json'] as const;
type Format = (typeof STILL)[number] | (typeof MOVING)[number];

const NAMES: Record<Format, string> = {
  svg: 'SVG',
  png: 'PNG',
  tex: 'TikZ',
  gif: 'GIF',
  'animated.svg': 'animated SVG',
  html: 'HTML',
  json: 'JSON',
};

export function share(app: App): Part {
  const { words, store } = app;
  const row = (name: string, formats: readonly Format[]) =>
    h('div', { class: 'row' }, h('span', { class: 'soft' }, name),
      ...formats.map((format) => button(NAMES[format], () => write(app, format), { 'aria-label': words.save(NAMES[format]), 'data-format': format })));
  const element = h('section', { class: 'share panel', 'aria-labelledby': 'share-title' },
    h('h2', { id: 'share-title' }, words.share),
    h('div', { class: 'row' },
      button(words.copyLink, () => copyLink(app), { class: 'primary' }),
      button(words.copyEmbed, () => void copy(app, embed(store.state)))),
    row(words.still, STILL), row(words.moving, MOVING));
  const update = (model: Model): void => {
    for (const one of element.querySelectorAll<HTMLButtonElement>('[data-format]')) one.disabled = model.refused !== null;
  };
  return { element, update };
}

/** Copies the address of this very frame. */
export function copyLink(app: App): void {
  void copy(app, link(app.store.state));
}

/** Asks the engine for a file once the button has had time to show that it was pressed. */
function write(app: App, format: Format): void {
  app.announce(app.words.working);
  const still = (STILL as readonly string[]).includes(format);
  setTimeout(() => {
    const step = still ? { step: app.model.step } : {};
    const answer = ask('export', { state: app.model.query, format, ...step });
    if (failed(answer)) return app.announce(answer.error);
    const bytes = Uint8Array.from(atob(answer.base64), (letter) => letter.charCodeAt(0));
    save(app, answer.name, new Blob([bytes], { type: answer.type }));
  }, 30);
}
