/** The picture, with a grid of reachable cells upon it, or the same as tables. */

import type { App, Model, Part } from '../app';
import { button, fill, h } from '../dom';
import { ask, failed } from '../engine';
import { cellGrid } from './grid';
import { painter } from './paint';
import { tables } from './table';

export interface Stage extends Part {
  /** Shows tables instead of the picture, or the reverse. */
  toggleTable(): void;
  /** Edits the number in focus. */
  edit(): void;
  /** Moves the focus to the grid. */
  focus(): void;
}

export function stage(app: App): Stage {
  const { words } = app;
  let asTable = false;
  const grid = cellGrid(app);
  const picture = h('div', { class: 'picture', 'aria-hidden': 'true' });
  const canvas = h('div', { class: 'canvas' }, picture, grid.element);
  const scroll = h('div', { class: 'scroll' }, canvas);
  const twin = h('div', { class: 'tables', hidden: true, tabindex: 0, role: 'region', 'aria-label': words.table });
  const toggle = h('button', { type: 'button', class: 'quiet toggle', onclick: () => toggleTable() }, words.table);
  const balance = button(words.balance, () => level(app), { class: 'quiet balance' });
  const caption = h('p', { class: 'caption', 'aria-live': 'polite', 'aria-label': words.caption });
  const element = h(
    'section',
    { class: 'stage', id: 'stage', role: 'tabpanel', 'aria-label': words.stage },
    h('p', { class: 'sr', id: 'stage-help' }, words.stageHelp),
    scroll,
    twin,
    h('div', { class: 'foot' }, caption, balance, toggle),
  );

  const paint = painter(picture);
  let shown = 0;
  const update = (model: Model): void => {
    const { frame } = model;
    element.classList.toggle('stale', model.refused !== null);
    // Without cells in it, the picture itself must be scrollable by keys.
    scroll.tabIndex = model.refused ? 0 : -1;
    balance.hidden = model.state.view !== 'overlap' || model.state.kind === 'conv' || model.refused !== null;
    element.setAttribute('aria-labelledby', `tab-${model.state.view}`);
    if (!frame) return;
    if (frame.serial !== shown) {
      shown = frame.serial;
      paint(frame);
      canvas.style.setProperty('--width', String(frame.width));
      canvas.style.setProperty('--height', String(frame.height));
    }
    // While playing, listeners would only hear half of every sentence.
    caption.setAttribute('aria-live', app.playing ? 'off' : 'polite');
    if (caption.textContent !== frame.caption) caption.textContent = frame.caption;
    grid.update(model);
    if (asTable && frame.tables) fill(twin, ...tables(frame));
  };
  const toggleTable = (): void => {
    asTable = !asTable;
    twin.hidden = !asTable;
    scroll.hidden = asTable;
    toggle.textContent = asTable ? words.picture : words.table;
    toggle.setAttribute('aria-pressed', String(asTable));
    update(app.model);
  };
  return { element, update, toggleTable, edit: grid.edit, focus: grid.focus };
}

/** Scales the kernel's phases so that a flat input gives a flat output. */
function level(app: App): void {
  const answer = ask('balance', { state: app.model.query });
  if (failed(answer)) return app.announce(answer.error);
  app.store.set({ w: answer.weights.join(',') });
  app.announce(app.words.balanced(answer.left));
}
