/** Where the number in focus comes from: its products, one by one. */

import type { App, Model, Part } from '../app';
import { button, fill, h } from '../dom';
import { ask, failed } from '../engine';
import type { Inspected, Term } from '../protocol';
import type { Words } from '../i18n';
import { number } from './words';

/** So many products are listed; more are counted. */
const MOST_TERMS = 36;

export function inspector(app: App): Part {
  const { words, store } = app;
  const body = h('div', { class: 'body' });
  const close = button('×', () => store.set({ at: '' }, 'replace'), { class: 'icon close', 'aria-label': words.close });
  const element = h('section', { class: 'inspector panel', 'aria-labelledby': 'inspector-title' },
    h('div', { class: 'head' }, h('h2', { id: 'inspector-title' }, words.inspector), close), body);

  let asked = '';
  const update = (model: Model): void => {
    const { at } = model.state;
    element.classList.toggle('open', at !== '');
    close.hidden = at === '';
    const question = `${model.query} ${at}`;
    if (app.playing || question === asked) return;
    asked = question;
    const [map = '', list = ''] = at.split(':');
    const index = list.split(',').filter(Boolean).map(Number);
    const answer = at && !model.refused ? ask('inspect', { state: model.query, map, index }) : null;
    if (!answer) fill(body, h('p', { class: 'soft' }, words.inspectorEmpty));
    else if (failed(answer)) fill(body, h('p', { class: 'soft' }, answer.error));
    else fill(body, ...show(answer, map));
  };

  const show = (one: Inspected, map: string): HTMLElement[] => {
    const text = h('p', { class: 'result' }, one.text);
    if (one.terms.length === 0) return [text];
    const columns = columnsOf(words, map);
    const rows = one.terms.slice(0, MOST_TERMS).map((term) =>
      h('tr', {},
        ...columns.map(({ index, value }) => {
          const name = index(term);
          const factor = value?.(term);
          return h('td', {}, name, factor !== undefined && h('b', {}, number(factor)));
        }),
        h('td', { class: 'product' }, number(term.product))));
    const more = one.terms.length - rows.length;
    const table = h('table', { class: 'terms' },
      h('thead', {}, h('tr', {}, ...columns.map(({ name }) => h('th', { scope: 'col' }, name)),
        h('th', { scope: 'col', class: 'product' }, words.term_product))),
      h('tbody', {}, ...rows));
    return [text, table, ...(more > 0 ? [h('p', { class: 'soft' }, `… +${more}`)] : [])];
  };
  return { element, update };
}

interface Column {
  readonly name: string;
  index(term: Term): string;
  value?(term: Term): number;
}

/** What the two factors of a map's products are, and where they stand. */
function columnsOf(words: Words, map: string): Column[] {
  const at = (index: readonly number[]) => `[${index.join(',')}]`;
  const first = (term: Term) => term.factors[0];
  const second = (term: Term) => term.factors[1];
  const tap = (term: Term) => term.letter || at(term.tap);
  const weight: Column = { name: words.term_w, index: tap, value: second };
  const arriving: Column = { name: 'dL/dy', index: (term) => at(term.output), value: first };
  if (map === 'gradient-of-input') return [arriving, weight];
  if (map === 'gradient-of-kernel') return [arriving, { name: words.term_x, index: (term) => at(term.input), value: second }];
  const both: Column[] = [{ name: words.term_x, index: (term) => at(term.input), value: first }, weight];
  return map === 'output' ? both : [...both, { name: `→ ${words.map['output'] ?? ''}`, index: (term) => at(term.output) }];
}
