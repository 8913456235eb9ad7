/** The layer in other words: frameworks, Rust, the command line. */

import type { App, Model, Part } from '../app';
import { button, fill, h } from '../dom';
import { ask, failed } from '../engine';
import type { Snippet } from '../protocol';
import { copy } from './copy';

export function codeTabs(app: App): Part {
  const { words } = app;
  let chosen = '';
  let asked = '';
  let snippets: readonly Snippet[] = [];
  const tabs = h('div', { class: 'names', role: 'tablist', 'aria-label': words.code });
  const text = h('code', {});
  const panel = h('pre', { role: 'tabpanel', id: 'code-panel', tabindex: 0, 'aria-label': words.code }, text);
  const notes = h('div', {});
  const element = h('section', { class: 'codes panel', 'aria-labelledby': 'code-title' },
    h('div', { class: 'head' }, h('h2', { id: 'code-title' }, words.code),
      button(words.copy, () => copy(app, text.textContent ?? ''), { class: 'quiet' })),
    tabs, notes, panel);

  const show = (): void => {
    const one = snippets.find(({ name }) => name === chosen) ?? snippets[0];
    chosen = one?.name ?? '';
    text.textContent = one?.text.trimEnd() ?? '';
    fill(notes, ...(one?.notes ?? []).map((note) => h('p', { class: 'soft' }, note)));
    fill(tabs, ...snippets.map(({ name }) =>
      button(name, () => pick(name, true), {
        role: 'tab',
        'aria-selected': String(name === chosen),
        'aria-controls': 'code-panel',
        tabindex: name === chosen ? 0 : -1,
      })));
  };
  const pick = (name: string, focus: boolean): void => {
    chosen = name;
    show();
    if (focus) tabs.querySelector<HTMLElement>('[aria-selected=true]')?.focus();
  };
  tabs.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const at = snippets.findIndex(({ name }) => name === chosen);
    pick(snippets[(at + step + snippets.length) % snippets.length]?.name ?? '', true);
  });
  const update = (model: Model): void => {
    const question = JSON.stringify([model.sizes?.problem, model.state.x, model.state.w, model.state.view]);
    if (!model.sizes || app.playing || question === asked) return;
    asked = question;
    const answer = ask('code', { state: model.query });
    if (failed(answer)) {
      text.textContent = answer.error;
      return;
    }
    snippets = answer.snippets;
    show();
  };
  return { element, update };
}
