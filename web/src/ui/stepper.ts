/** A number with a button on each side. */

import { button, h } from '../dom';
import type { Words } from '../i18n';

export interface Stepper {
  readonly element: HTMLElement;
  /** Shows a value; `wrong` marks it as the one to repair. */
  show(value: string, wrong: boolean): void;
}

/** Typing may give any text: the engine explains what is wrong with it. The buttons stop at `least`. */
export function stepper(words: Words, name: string, least: number, change: (value: string) => void): Stepper {
  const input = h('input', {
    type: 'text',
    inputmode: 'numeric',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-label': name,
    onchange: () => give(input.value.trim()),
    onkeydown: (event: KeyboardEvent) => {
      if (event.key === 'ArrowUp') by(1);
      else if (event.key === 'ArrowDown') by(-1);
      else return;
      event.preventDefault();
    },
  });
  const give = (value: string): void => {
    // Only digits, signs, letters, colons and points occur in any legal value.
    const clean = value.replace(/[^-0-9a-z_:.]/gi, '');
    if (clean !== '') change(clean);
  };
  const by = (step: number): void => {
    const value = Math.trunc(Number(input.value));
    change(String(Math.max(least, Number.isFinite(value) ? value + step : least)));
  };
  const element = h(
    'span',
    { class: 'stepper' },
    button('−', () => by(-1), { 'aria-label': words.less(name) }),
    input,
    button('+', () => by(1), { 'aria-label': words.greater(name) }),
  );
  const show = (value: string, wrong: boolean): void => {
    if (input.value !== value) input.value = value;
    input.size = Math.max(2, value.length);
    input.setAttribute('aria-invalid', String(wrong));
  };
  return { element, show };
}
