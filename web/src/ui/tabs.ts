/** The seven views. */

import type { App, Model, Part } from '../app';
import { h } from '../dom';
import { VIEWS } from '../state';

export function viewTabs(app: App): Part {
  const { words, store } = app;
  const tabs = VIEWS.map((view, at) =>
    h(
      'button',
      {
        type: 'button',
        role: 'tab',
        id: `tab-${view}`,
        'aria-controls': 'stage',
        'aria-keyshortcuts': String(at + 1),
        onclick: () => store.set({ view }),
      },
      h('span', { class: 'digit', 'aria-hidden': 'true' }, String(at + 1)),
      h('span', { class: 'label' }, words.view[view]),
      h('span', { class: 'about' }, words.about[view]),
    ),
  );
  const element = h('div', { class: 'tabs', role: 'tablist', 'aria-label': words.views, 'aria-orientation': 'vertical' }, ...tabs);
  element.addEventListener('keydown', (event) => {
    const at = tabs.indexOf(document.activeElement as HTMLButtonElement);
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (at < 0 || step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = (at + step + VIEWS.length) % VIEWS.length;
    store.set({ view: VIEWS[next] ?? 'four-steps' });
    tabs[next]?.focus();
  });
  let shown = '';
  const update = (model: Model): void => {
    const known = (VIEWS as readonly string[]).indexOf(model.state.view);
    tabs.forEach((tab, at) => {
      const chosen = at === Math.max(0, known);
      tab.setAttribute('aria-selected', String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      // Only sideways: the page itself stays where it is.
      if (chosen && shown !== model.state.view && element.scrollWidth > element.clientWidth) {
        element.scrollTo({ left: tab.offsetLeft - element.clientWidth / 2 + tab.offsetWidth / 2 });
      }
    });
    shown = model.state.view;
  };
  return { element, update };
}
