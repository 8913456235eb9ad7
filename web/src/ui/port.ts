/** The layer as another framework must be told it. */

import type { App, Model, Part } from '../app';
import { button, fill, h, select } from '../dom';
import { ask, failed } from '../engine';
import { copy } from './copy';

const FRAMEWORKS = ['PyTorch', 'Keras', 'JAX', 'ONNX'] as const;

export function porter(app: App): Part {
  const { words } = app;
  let [from, to]: string[] = ['PyTorch', 'Keras'];
  const options = FRAMEWORKS.map((name) => [name.toLowerCase(), name] as const);
  const answer = h('div', { class: 'answers', 'aria-live': 'polite' });
  const element = h('details', { class: 'panel fold' },
    h('summary', {}, h('h2', {}, words.port)),
    h('p', { class: 'soft' }, words.portHelp),
    h('div', { class: 'row fields' },
      h('label', {}, words.from, select(words.from, options, 'pytorch', (value) => { from = value; show(); })),
      h('label', {}, words.to, select(words.to, options, 'keras', (value) => { to = value; show(); }))),
    answer);
  element.addEventListener('toggle', () => show());
  const show = (): void => {
    if (!element.open || !app.model.sizes) return;
    const reply = ask('port', { state: app.model.query, from: (from ?? '').toLowerCase(), to: (to ?? '').toLowerCase() });
    if (failed(reply)) return fill(answer, h('p', { class: 'alarm' }, reply.error));
    const text = [reply.weight || `# ${words.sameWeight}`, reply.call].join('\n');
    fill(answer,
      ...reply.warnings.map((text) => h('p', { class: 'alarm' }, text)),
      h('pre', { tabindex: 0, 'aria-label': words.code }, h('code', {}, text)),
      button(words.copy, () => void copy(app, text), { class: 'quiet' }));
  };
  const update = (_: Model): void => show();
  return { element, update };
}
