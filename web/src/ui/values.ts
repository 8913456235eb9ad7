/** Where the numbers of the input and the kernel come from. */

import type { App } from '../app';
import { h, select } from '../dom';
import { ask, failed } from '../engine';

const RULES = {
  x: ['count', 'ones', 'delta', 'random'],
  w: ['count', 'ones', 'delta', 'sobel', 'bilinear', 'random'],
  b: ['none', 'count', 'ones', 'random'],
} as const;

/** A choice among rules; random ones have a seed, and a new seed is one click away. */
export function ruleSelect(app: App, which: 'x' | 'w' | 'b'): HTMLElement {
  const { words, store } = app;
  const value = store.state[which] || 'none';
  const [rule = '', seed = '0'] = value.split(':');
  const known: readonly string[] = RULES[which];
  const present = known.includes(rule) ? rule : 'list';
  const name = words.valuesOf({ x: words.input, w: words.kernel, b: words.bias }[which]);
  const nameOf = (option: string) => words[`rule_${option}` as keyof typeof words] as string;
  const options = [...known, ...(present === 'list' ? ['list'] : [])].map((option) => [option, nameOf(option)] as const);
  const choice = select(name, options, present, (next) => {
    const rule = { random: 'random:1', none: '' }[next] ?? next;
    if (next !== 'list') store.set({ [which]: rule });
  });
  const box = h('span', { class: 'rule' }, choice);
  if (present === 'random') {
    const again = h('button', { type: 'button', class: 'quiet', 'aria-label': `${words.seed} ${seed}, ${words.next}` }, `↻ ${seed}`);
    again.addEventListener('click', () => store.set({ [which]: `random:${(Number(seed) || 0) + 1}` }));
    box.append(again);
  }
  return box;
}

/** The place of a cell in a flat list of numbers of this shape; leading axes that the cell does not name are 0. */
export function flatIndex(index: readonly number[], shape: readonly number[]): number | null {
  if (index.length > shape.length) return null;
  const full = [...Array<number>(shape.length - index.length).fill(0), ...index];
  return full.reduce((sum, at, axis) => sum * (shape[axis] ?? 1) + at, 0);
}

/** Which list a map's cells are edited in. */
export function editable(map: string): 'x' | 'w' | 'gy' | null {
  return ({ input: 'x', kernel: 'w', 'gradient-of-output': 'gy' } as const)[map] ?? null;
}

/** Changes one number of a list and puts the whole list into the state. */
export function setNumber(app: App, which: 'x' | 'w' | 'gy', index: readonly number[], value: number): void {
  const { sizes } = app.model;
  if (!sizes) return;
  const numbers = ask('numbers', { state: app.model.query, array: which });
  if (failed(numbers)) return app.announce(numbers.error);
  const list = [...numbers.numbers];
  const at = flatIndex(index, { x: sizes.input.slice(1), w: sizes.weight, gy: sizes.output.slice(1) }[which]);
  if (at === null || at >= list.length) return;
  list[at] = value;
  app.store.set({ [which]: list.join(',') });
}
