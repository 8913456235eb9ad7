/** The top of the page: its name, examples, language and theme. */

import { type App, type Model, type Part, themeOf } from '../app';
import { button, h } from '../dom';
import { ask, failed } from '../engine';
import { DEFAULTS } from '../state';
import { parse } from '../url';

export function header(app: App, openHelp: () => void): Part {
  const { words, store, lang } = app;
  const answer = ask('presets', {});
  const presets = failed(answer) ? [] : answer.presets;
  const chips = presets.map(({ name, en, zh, query }) =>
    button(short(lang === 'zh' ? zh : en), () => show(query), { class: 'chip', 'data-preset': name, title: lang === 'zh' ? zh : en }));
  const show = (query: string): void => {
    const { lang: _lang, theme: _theme, embed: _embed, ...problem } = parse(query);
    store.set({ ...problem, t: '1', at: '' });
  };
  const other = lang === 'zh' ? 'en' : 'zh';
  const theme = button('◐', () => store.set({ theme: themeOf(store.state) === 'dark' ? 'light' : 'dark' }, 'replace'), {
    class: 'icon', 'aria-label': words.theme, title: words.theme });
  const element = h('header', { class: 'bar' },
    h('div', { class: 'top' },
      h('p', { class: 'brand' }, 'convt'), h('h1', {}, words.title), h('span', { class: 'push' }),
      button(lang === 'zh' ? 'EN' : '中', () => store.set({ lang: other }, 'replace'), {
        class: 'icon', lang: other, title: lang === 'zh' ? 'English' : '中文' }),
      theme,
      button('?', openHelp, { class: 'icon', 'aria-label': words.help, title: words.help })),
    h('nav', { class: 'chips', 'aria-label': words.presets }, ...chips));
  const update = (model: Model): void => {
    presets.forEach(({ query }, at) => {
      const preset = parse(query);
      const keys = ['kind', 'i', 'k', 's', 'p', 'op', 'd', 'g', 'c', 'x', 'w'] as const;
      const same = keys.every((key) => (model.state[key] || DEFAULTS[key]) === preset[key]) && preset.view === model.state.view;
      chips[at]?.setAttribute('aria-pressed', String(same));
    });
  };
  return { element, update };
}

/** A title up to its colon; the rest shows when one points at it. */
function short(title: string): string {
  return title.split(/[:：]/)[0] ?? title;
}
