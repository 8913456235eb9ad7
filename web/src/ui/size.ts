/** The size formula with its numbers, or what is wrong and what would help. */

import type { App, Model, Part } from '../app';
import { button, fill, h } from '../dom';

export function sizeLine(app: App): Part {
  const { words, store } = app;
  const formula = h('div', { class: 'formula' });
  const hints = h('div', { class: 'hints' });
  const alarm = h('div', { class: 'alarm', role: 'alert' });
  const element = h('section', { class: 'size', 'aria-label': words.size }, formula, hints, alarm);

  const update = (model: Model): void => {
    const { sizes, refused } = model;
    element.classList.toggle('wrong', refused !== null);
    if (refused) {
      fill(formula);
      fill(hints);
      fill(
        alarm,
        h('p', {}, refused.text),
        h(
          'div',
          { class: 'repairs', role: 'group', 'aria-label': words.repairs },
          ...refused.repairs.map(({ label, patch }) => button(label, () => store.set(patch), { class: 'primary' })),
        ),
      );
      return;
    }
    fill(alarm);
    if (!sizes) return;
    const lines = sizes.axes.map(({ letters, numbers, value }) => ({ letters, numbers, value }));
    const alike = lines.every((line) => line.numbers === lines[0]?.numbers);
    fill(
      formula,
      ...(alike ? lines.slice(0, 1) : lines).map(({ letters, numbers, value }, axis) =>
        h(
          'p',
          { class: 'equation' },
          h('span', { class: 'term' }, alike ? 'o' : `o[${axis}]`, ' = ', pretty(letters)),
          h('span', { class: 'term' }, ' = ', pretty(numbers)),
          h('span', { class: 'term' }, ' = ', h('strong', {}, String(value))),
        ),
      ),
    );
    fill(
      hints,
      ...sizes.hints.map(({ kind, text, patch }) =>
        patch
          ? button(text, () => store.set(patch), { class: `hint ${kind}` })
          : h('span', { class: `hint ${kind}` }, text),
      ),
    );
  };
  return { element, update };
}

/** Signs as one prints them. */
function pretty(formula: string): string {
  return formula.replace(/\*/g, '·').replace(/-/g, '−');
}
