/** The keys, in a dialog. */

import type { App } from '../app';
import { button, h } from '../dom';

export interface Help {
  readonly element: HTMLDialogElement;
  open(): void;
}

export function help(app: App): Help {
  const { words } = app;
  const element = h('dialog', { class: 'help', 'aria-labelledby': 'help-title' },
    h('div', { class: 'head' }, h('h2', { id: 'help-title' }, words.help),
      button('×', () => element.close(), { class: 'icon', 'aria-label': words.close })),
    h('dl', {}, ...words.keys.flatMap(([keys, what]) => [h('dt', {}, h('kbd', {}, keys)), h('dd', {}, what)])),
    h('p', { class: 'soft' }, words.undo));
  return { element, open: () => element.showModal() };
}
