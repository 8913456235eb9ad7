/** The text twin of a picture: every map as a table of its numbers. */

import { h } from '../dom';
import type { Frame } from '../protocol';

/** One table per map, with row and column numbers as headings. */
export function tables(frame: Frame): HTMLElement[] {
  return (frame.tables ?? []).map(({ title, rows }) => {
    const columns = Math.max(0, ...rows.map((row) => row.length));
    const head = h('tr', {}, h('td', {}), ...Array.from({ length: columns }, (_, at) => h('th', { scope: 'col' }, String(at))));
    const body = rows.map((row, at) =>
      h('tr', {}, h('th', { scope: 'row' }, String(at)), ...row.map((value) => h('td', {}, value))),
    );
    return h('table', {}, h('caption', {}, title), h('thead', {}, head), h('tbody', {}, ...body));
  });
}
