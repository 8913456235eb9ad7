/** The page: one state, one engine, and parts that show them. */

import './style/base.css';
import './style/layout.css';
import './style/parts.css';
import './style/panels.css';
import './style/phone.css';

import { type App, type Model, modelOf, type Part, themeOf, wordsFor } from './app';
import { fill, h } from './dom';
import { ask, failed, start } from './engine';
import { Store } from './store';
import { learn } from './url';
import { callLine } from './ui/call';
import { codeTabs } from './ui/code';
import { files } from './ui/files';
import { header } from './ui/header';
import { help } from './ui/help';
import { inspector } from './ui/inspector';
import { type Actions, listen } from './ui/keys';
import { player } from './ui/player';
import { porter } from './ui/port';
import { copyLink, share } from './ui/share';
import { sizeLine } from './ui/size';
import { solver } from './ui/solver';
import { stage } from './ui/stage';
import { story } from './ui/story';
import { viewTabs } from './ui/tabs';

let app: App;
let parts: Part[] = [];
let actions: Actions | null = null;

/** Builds the page in the state's language. */
function build(store: Store, model: Model): void {
  const { lang, words } = wordsFor(store.state);
  document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';
  document.title = `convt: ${words.title}`;
  const toast = h('div', { class: 'toast', role: 'status' });
  let fading = 0;
  const announce = (text: string): void => {
    toast.textContent = text;
    toast.classList.add('on');
    window.clearTimeout(fading);
    fading = window.setTimeout(() => toast.classList.remove('on'), 2500);
  };
  app = { store, lang, words, playing: false, model, announce };
  const dialog = help(app);
  const views = viewTabs(app);
  const picture = stage(app);
  const time = player(app);
  const side = [inspector(app), codeTabs(app)];
  const call = callLine(app);
  const size = sizeLine(app);
  const embedded = store.state.embed === '1';
  const tools = embedded ? [] : [[share(app), porter(app)], [solver(app), files(app)]];
  const top = embedded ? null : header(app, dialog.open);
  const tale = embedded ? null : story(app);
  parts = [top, call, size, views, picture, time, ...side, ...tools.flat(), tale].filter((part) => part !== null);
  actions = { store, player: time, stage: picture, copyLink: () => copyLink(app), help: dialog.open };
  document.documentElement.classList.toggle('embed', embedded);
  const root = document.getElementById('app');
  if (!root) return;
  fill(root, top?.element,
    h('main', { class: 'page' },
      embedded && h('h1', { class: 'sr' }, words.title),
      h('div', { class: 'problem' }, call.element, size.element),
      h('div', { class: 'desk' },
        views.element,
        h('div', { class: 'middle' }, picture.element, time.element),
        h('div', { class: 'side' }, ...side.map((part) => part.element))),
      !embedded && h('div', { class: 'tools' }, ...tools.map((column) => h('div', { class: 'column' }, ...column.map((part) => part.element)))),
      tale?.element),
    dialog.element, toast);
}

/** Shows a model in every part. */
function show(model: Model): void {
  app.model = model;
  document.documentElement.dataset['theme'] = themeOf(model.state);
  for (const part of parts) part.update(model);
}

async function main(): Promise<void> {
  document.documentElement.dataset['theme'] = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  try {
    await start();
  } catch (error) {
    const store = new Store();
    const text = h('p', { class: 'waiting' }, `${wordsFor(store.state).words.failed} (${String(error)})`);
    document.querySelector('main')?.replaceChildren(text);
    return;
  }
  const examples = ask('presets', {});
  if (!failed(examples)) learn(examples.presets);
  const store = new Store();
  const model = modelOf(store.state, null, false);
  build(store, model);
  show(model);
  store.listen((state, before) => {
    const anew = wordsFor(state).lang !== wordsFor(before).lang || state.embed !== before.embed;
    // A stage that is built anew needs the whole picture.
    const next = modelOf(state, anew ? null : app.model, app.playing);
    if (anew) build(store, next);
    show(next);
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => store.touch());
  listen(() => actions);
  document.documentElement.dataset['ready'] = 'true';
}

void main();
