/** A number typed right where it stands. */

import type { App } from '../app';
import { h } from '../dom';
import { ask, failed } from '../engine';
import type { CellRow } from '../protocol';
import { editable, setNumber } from './values';
import { nameOf } from './words';

/** Opens a field over a cell of the input or the kernel; other cells are results and stay closed. */
export function openEditor(app: App, cell: HTMLElement, row: CellRow, host: HTMLElement): void {
  const [map, index] = row;
  const which = editable(map);
  if (!which || app.playing || app.model.refused) return;
  const present = ask('inspect', { state: app.model.query, map, index });
  let open = true;
  const close = (commit: boolean): void => {
    if (!open) return;
    open = false;
    const value = Number(field.value.replace('−', '-').replace(',', '.'));
    const valid = field.value.trim() !== '' && Number.isFinite(value);
    field.remove();
    if (commit && valid) setNumber(app, which, index, value);
    const again = host.querySelector<HTMLElement>(`[data-map="${map}"][data-index="${index.join(',')}"]`);
    again?.focus({ preventScroll: true });
  };
  const field = h('input', {
    class: 'editor',
    type: 'text',
    inputmode: 'text',
    autocomplete: 'off',
    'aria-label': app.words.edit(nameOf(app.words, map)),
    style: cell.getAttribute('style') ?? '',
    onblur: () => close(true),
    onkeydown: (event: KeyboardEvent) => {
      event.stopPropagation();
      if (event.key === 'Enter') close(true);
      else if (event.key === 'Escape') close(false);
    },
  });
  field.value = String(failed(present) ? 0 : (present.value ?? 0));
  (host.parentElement ?? host).append(field);
  field.focus();
  field.select();
}
