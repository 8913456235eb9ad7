/** Which parameters give the size that is needed. */

import type { App, Model, Part } from '../app';
import { button, fill, h } from '../dom';
import { ask, failed } from '../engine';
import type { Requests, Solution } from '../protocol';
import { axes } from '../state';

/** So many solutions are shown. */
const MOST = 12;

export function solver(app: App): Part {
  const { words, store } = app;
  const field = (name: string, value: string) =>
    h('input', { type: 'number', min: 1, inputmode: 'numeric', value, 'aria-label': name, oninput: () => solve() });
  const input = field(words.fromInput, '3');
  const output = field(words.wantOutput, '6');
  const scale = field(words.orScale, '');
  const list = h('div', { class: 'answers', 'aria-live': 'polite' });
  const element = h('details', { class: 'panel fold' },
    h('summary', {}, h('h2', {}, words.solve)),
    h('p', { class: 'soft' }, words.solveHelp),
    h('div', { class: 'row fields' },
      h('label', {}, words.fromInput, input), h('label', {}, words.wantOutput, output), h('label', {}, words.orScale, scale)),
    list);
  element.addEventListener('toggle', () => solve());

  const solve = (): void => {
    if (!element.open) return;
    const request: Requests['solve'] = scale.value
      ? { scale: Number(scale.value) }
      : { input: Number(input.value), output: Number(output.value) };
    const answer = ask('solve', request);
    if (failed(answer)) return fill(list, h('p', { class: 'alarm' }, answer.error));
    const { solutions } = answer;
    if (solutions.length === 0) return fill(list, h('p', {}, words.solveNone));
    const shown = solutions.slice(0, MOST);
    fill(list,
      h('p', { class: 'soft' }, words.solveCount(shown.length, solutions.length)),
      h('table', {},
        h('thead', {}, h('tr', {}, ...['kernel_size', 'stride', 'padding', 'output_padding', '', ''].map((name) => h(name ? 'th' : 'td', name ? { scope: 'col' } : {}, name)))),
        h('tbody', {}, ...shown.map(row))));
  };
  const row = (one: Solution): HTMLElement => {
    const marks = [one.even ? words.even : words.uneven, one.exact ? words.exact : ''].filter(Boolean).join(' · ');
    const name = `${words.use}: kernel_size ${one.k}, stride ${one.s}, padding ${one.p}, output_padding ${one.op}`;
    return h('tr', {},
      ...[one.k, one.s, one.p, one.op].map((value) => h('td', { class: 'figure' }, String(value))),
      h('td', { class: one.even ? 'good' : 'soft' }, marks),
      h('td', {}, button(words.use, () => use(one), { class: 'quiet', 'aria-label': name })));
  };
  const use = (one: Solution): void => {
    const size = scale.value ? {} : { i: Array.from({ length: axes(store.state) }, () => input.value).join('x') };
    store.set({ ...size, kind: 'conv_transpose', d: '1', k: String(one.k), s: String(one.s), p: String(one.p), op: String(one.op) });
  };
  const update = (_: Model): void => {};
  return { element, update };
}
