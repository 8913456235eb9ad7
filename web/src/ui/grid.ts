/** The cells of a picture as elements that can be reached, spoken, pointed at and edited. */

import type { App, Model } from '../app';
import { ask, failed } from '../engine';
import { h } from '../dom';
import type { CellRow, Frame, Inspected } from '../protocol';
import { openEditor } from './editor';
import { editable } from './values';
import { nameOf } from './words';

/** How long a finger rests on a cell to edit it, in milliseconds. */
const LONG_PRESS = 500;

interface Cell {
  readonly element: HTMLElement;
  readonly row: CellRow;
  readonly key: string;
}

export interface CellGrid {
  readonly element: HTMLElement;
  update(model: Model): void;
  edit(): void;
  focus(): void;
}

const keyOf = (map: string, index: readonly number[]): string => `${map}:${index.join(',')}`;

export function cellGrid(app: App): CellGrid {
  const element = h('div', { class: 'cells' });
  let cells: Cell[] = [];
  let layout = '';
  let active: Cell | null = null;

  const build = (frame: Frame): void => {
    const had = element.contains(document.activeElement) && active ? active.key : null;
    element.replaceChildren();
    cells = [];
    for (const group of groups(frame.cells ?? [])) {
      const grid = h('div', { role: 'grid', 'aria-label': nameOf(app.words, group[0]?.[0]?.[0] ?? ''), 'aria-describedby': 'stage-help' });
      for (const line of group) {
        const row = h('div', { role: 'row' });
        for (const cell of line) row.append(make(cell, frame));
        grid.append(row);
      }
      element.append(grid);
    }
    active = cells.find((cell) => cell.key === had) ?? cells[0] ?? null;
    if (active) active.element.tabIndex = 0;
    if (had && active) active.element.focus({ preventScroll: true });
  };

  const make = (row: CellRow, frame: Frame): HTMLElement => {
    const [map, index, x, y, width, height] = row;
    const percent = (part: number, whole: number) => `${((part / whole) * 100).toFixed(3)}%`;
    const cell = h('div', {
      role: 'gridcell',
      class: 'spot',
      tabindex: -1,
      'data-map': map,
      'data-index': index.join(','),
      style: `left:${percent(x, frame.width)};top:${percent(y, frame.height)};width:${percent(width, frame.width)};height:${percent(height, frame.height)}`,
    });
    cells.push({ element: cell, row, key: keyOf(map, index) });
    return cell;
  };

  const find = (target: EventTarget | null): Cell | null => cells.find((cell) => cell.element === target) ?? null;

  /** Puts a cell into focus; the inspector and all its twins follow. */
  const choose = (cell: Cell, move: boolean): void => {
    if (active) active.element.tabIndex = -1;
    active = cell;
    cell.element.tabIndex = 0;
    const answer = ask('inspect', { state: app.model.query, map: cell.row[0], index: cell.row[1] });
    label(cell, failed(answer) ? null : answer);
    if (move) cell.element.focus();
    app.store.set({ at: cell.key }, 'replace');
  };
  const label = (cell: Cell, inspected: Inspected | null): void => {
    const [map, index, , , , , value] = cell.row;
    const { words } = app;
    const name = nameOf(words, map);
    const spoken = words.cell(name, position(index), value || words.nothing);
    const sum = inspected?.terms.length ? `, ${words.terms(inspected.terms.length)}` : '';
    cell.element.setAttribute('aria-label', spoken + sum);
    cell.element.setAttribute('aria-readonly', String(editable(map) === null));
  };
  const position = (index: readonly number[]): string => {
    const { one, row, column, depth, channel } = app.words.position;
    const names = index.length === 1 ? [one] : [channel, channel, depth, row, column].slice(-index.length);
    if (index.length === 3) names[0] = depth;
    return index.map((at, axis) => `${names[axis] ?? ''} ${at}`).join(' ');
  };

  element.addEventListener('click', (event) => {
    const cell = find(event.target);
    if (cell) choose(cell, true);
  });
  element.addEventListener('dblclick', (event) => {
    if (find(event.target)) edit();
  });
  element.addEventListener('pointerover', (event) => light(find(event.target)?.key ?? ''));
  element.addEventListener('pointerleave', () => light(''));
  let rest = 0;
  element.addEventListener('pointerdown', (event) => {
    const cell = find(event.target);
    if (!cell || event.pointerType === 'mouse') return;
    rest = window.setTimeout(() => {
      choose(cell, true);
      edit();
    }, LONG_PRESS);
  });
  for (const end of ['pointerup', 'pointercancel', 'pointermove']) {
    element.addEventListener(end, () => window.clearTimeout(rest));
  }
  element.addEventListener('focusin', (event) => {
    const cell = find(event.target);
    if (cell && cell !== active) choose(cell, false);
  });
  element.addEventListener('keydown', (event) => {
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (direction && active) {
      const next = neighbour(cells, active, direction[0] ?? 0, direction[1] ?? 0);
      event.preventDefault();
      if (next) choose(next, true);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (active) choose(active, true);
      edit();
    }
  });

  /** Marks a cell, its twins in other maps and all that it is made of. */
  const light = (hovered: string): void => {
    const chosen = hovered || app.store.state.at;
    const linked = new Set<string>();
    const cell = cells.find((one) => one.key === chosen);
    if (cell && !app.playing) {
      const answer = ask('inspect', { state: app.model.query, map: cell.row[0], index: cell.row[1] });
      if (!failed(answer)) for (const [map, index] of answer.linked) linked.add(keyOf(map, index));
    }
    for (const one of cells) {
      one.element.classList.toggle('on', one.key === chosen);
      one.element.classList.toggle('linked', linked.has(one.key));
    }
  };

  const edit = (): void => {
    if (active) openEditor(app, active.element, active.row, element);
  };
  const update = (model: Model): void => {
    element.classList.toggle('asleep', app.playing || model.refused !== null);
    const { frame } = model;
    if (!frame?.cells) return;
    const next = JSON.stringify([frame.width, frame.height, frame.cells.map((cell) => cell.slice(0, 6))]);
    if (next !== layout) {
      layout = next;
      build(frame);
    } else {
      // The same places hold other numbers.
      let at = 0;
      for (const group of groups(frame.cells)) {
        for (const row of group.flat()) {
          const old = cells[at];
          if (old) cells[at] = { ...old, row };
          if (old === active) active = cells[at] ?? null;
          at += 1;
        }
      }
    }
    for (const cell of cells) label(cell, null);
    light('');
  };
  return { element, update, edit, focus: () => active?.element.focus() };
}

/** The cells of every map that is drawn, line by line. A map that begins again is another grid. */
function groups(cells: readonly CellRow[]): CellRow[][][] {
  const all: CellRow[][][] = [];
  let seen = new Set<string>();
  let map = '';
  for (const cell of cells) {
    const key = keyOf(cell[0], cell[1]);
    if (cell[0] !== map || seen.has(key)) {
      all.push([]);
      seen = new Set();
      map = cell[0];
    }
    seen.add(key);
    const group = all[all.length - 1] ?? [];
    const line = group[group.length - 1];
    if (line && Math.abs((line[0]?.[3] ?? 0) - cell[3]) < 1) line.push(cell);
    else group.push([cell]);
  }
  return all;
}

/** The nearest cell in a direction: straight ahead first, wherever its map begins. */
function neighbour(cells: readonly Cell[], from: Cell, dx: number, dy: number): Cell | null {
  const middle = ({ row: [, , x, y, width, height] }: Cell) => [x + width / 2, y + height / 2] as const;
  const [x0, y0] = middle(from);
  let best: Cell | null = null;
  let least = Infinity;
  for (const cell of cells) {
    const [x, y] = middle(cell);
    const ahead = (x - x0) * dx + (y - y0) * dy;
    const aside = Math.abs((x - x0) * dy) + Math.abs((y - y0) * dx);
    if (ahead < 1) continue;
    const cost = ahead + 4 * aside;
    if (cost < least) [best, least] = [cell, cost];
  }
  return best;
}
