/** The layer as the call that one writes, its numbers in steppers. */

import type { App, Model, Part } from '../app';
import { button, fill, h, select } from '../dom';
import { axes, type AxisKey, joinAxes, perAxis, PER_AXIS } from '../state';
import { stepper } from './stepper';
import { ruleSelect } from './values';

const NAMES: Record<AxisKey, string> = {
  i: 'input',
  k: 'kernel_size',
  s: 'stride',
  p: 'padding',
  op: 'output_padding',
  d: 'dilation',
};

/** The smallest value that a click on minus reaches; typing may go further and is explained. */
const LEAST: Record<AxisKey, number> = { i: 1, k: 1, s: 1, p: 0, op: 0, d: 1 };

export function callLine(app: App): Part {
  const { words, store } = app;
  const element = h('section', { class: 'call', 'aria-label': words.call });
  const open = { more: store.state.d !== '1' || axes(store.state) !== 2, channels: store.state.c !== '1-1' || store.state.b !== '' };
  let linked = PER_AXIS.every((key) => !store.state[key].includes('x') || alike(perAxis(store.state, key)));
  let shape = '';
  let parts: { update(model: Model): void }[] = [];

  const parameter = (key: AxisKey, model: Model): HTMLElement => {
    const name = key === 'i' ? words.input : key === 'k' ? words.kernel : NAMES[key];
    const count = linked ? 1 : axes(model.state);
    const group = h('span', { class: 'parameter' }, h('span', { class: 'name' }, key === 'i' || key === 'k' ? name : `${name}=`));
    for (let axis = 0; axis < count; axis++) {
      if (axis > 0) group.append(h('span', { class: 'by' }, '×'));
      const control = stepper(words, count === 1 ? name : words.axis(name, axis), LEAST[key], (value) => {
        const values = perAxis(store.state, key).map((old, at) => (linked || at === axis ? value : old));
        store.set({ [key]: joinAxes(key, values) });
      });
      parts.push({
        update: (now) => {
          const wrong = now.refused?.repairs[0]?.patch ?? {};
          control.show(perAxis(now.state, key)[axis] ?? '', key in wrong);
        },
      });
      group.append(control.element);
    }
    return group;
  };

  const plain = (key: 'g' | 'c', side: 0 | 1, name: string): HTMLElement => {
    const read = (text: string) => (key === 'g' ? text : (text.split('-')[side] ?? '1'));
    const control = stepper(words, name, 1, (value) => {
      const pair = store.state.c.split('-');
      pair[side] = value;
      store.set(key === 'g' ? { g: value } : { c: `${pair[0] ?? '1'}-${pair[1] ?? '1'}` });
    });
    parts.push({
      update: (now) => control.show(read(now.state[key]), key in (now.refused?.repairs[0]?.patch ?? {})),
    });
    return h('span', { class: 'parameter' }, h('span', { class: 'name' }, `${name}=`), control.element);
  };

  const build = (model: Model): void => {
    parts = [];
    const dims = axes(model.state);
    const transposed = model.state.kind !== 'conv';
    const kind = select(
      words.kind,
      [
        ['conv_transpose', `${words.transposed}${dims}d`],
        ['conv', `${words.direct}${dims}d`],
      ],
      model.state.kind,
      (value) => store.set(value === 'conv' ? { kind: value, op: '0' } : { kind: value }),
    );
    const toggle = (which: 'more' | 'channels') =>
      button(words[which], () => rebuild(() => (open[which] = !open[which]), which), {
        class: 'quiet',
        'aria-expanded': String(open[which]),
        'data-toggle': which,
      });
    const keys: AxisKey[] = transposed ? ['s', 'p', 'op'] : ['s', 'p'];
    fill(
      element,
      h('div', { class: 'line code' }, h('span', { class: 'word' }, 'y ='), kind, h('span', { class: 'word' }, '(x, w,'),
        ...keys.map((key) => parameter(key, model)), open.more && parameter('d', model), h('span', { class: 'word' }, ')')),
      h('div', { class: 'line' }, parameter('i', model), ruleSelect(app, 'x'), parameter('k', model), ruleSelect(app, 'w'),
        h('span', { class: 'push' }), toggle('more'), toggle('channels')),
      open.more && h('div', { class: 'line extra' }, dimsSelect(model), linkBox(dims)),
      open.channels && h('div', { class: 'line extra' }, plain('c', 0, 'in_channels'), plain('c', 1, 'out_channels'), plain('g', 0, 'groups'),
        h('span', { class: 'parameter' }, h('span', { class: 'name' }, words.bias), ruleSelect(app, 'b'))),
    );
  };

  const dimsSelect = (model: Model): HTMLElement =>
    h('label', { class: 'parameter' }, h('span', { class: 'name' }, words.dims),
      select(words.dims, [['1', '1-D'], ['2', '2-D'], ['3', '3-D']], String(axes(model.state)), (value) => {
        const count = Number(value);
        const first = (key: AxisKey) => perAxis(store.state, key)[0] ?? '1';
        const patch = Object.fromEntries(PER_AXIS.map((key) => [key, first(key)]));
        store.set({ ...patch, i: Array.from({ length: count }, () => first('i')).join('x') });
      }));

  const linkBox = (dims: number): HTMLElement => {
    const box = h('input', { type: 'checkbox', onchange: () => rebuild(() => (linked = box.checked)) });
    box.checked = linked;
    box.disabled = dims === 1;
    return h('label', { class: 'check' }, box, words.link);
  };

  const rebuild = (change: () => void, focus?: string): void => {
    change();
    shape = '';
    update(app.model);
    if (focus) element.querySelector<HTMLElement>(`[data-toggle=${focus}]`)?.focus();
  };

  const update = (model: Model): void => {
    if (PER_AXIS.some((key) => !alike(perAxis(model.state, key)))) linked = false;
    const next = [axes(model.state), model.state.kind, linked, open.more, open.channels, model.state.x, model.state.w, model.state.b].join();
    if (next !== shape) {
      const name = document.activeElement?.getAttribute('aria-label');
      const inside = element.contains(document.activeElement);
      shape = next;
      build(model);
      if (inside && name) element.querySelector<HTMLElement>(`[aria-label="${CSS.escape(name)}"]`)?.focus();
    }
    for (const part of parts) part.update(model);
  };
  return { element, update };
}

function alike(values: readonly string[]): boolean {
  return values.every((value) => value === values[0]);
}
