/** Putting a picture on the stage, step after step, at the price of what has changed. */

import type { Frame } from '../protocol';

/** Draws frames into a place: whole ones, and those that only say what differs from the one before. */
export function painter(target: HTMLElement): (frame: Frame) => void {
  return ({ svg, items, changed }) => {
    const root = target.querySelector('svg');
    if (!changed || !root) {
      target.innerHTML = svg;
      return;
    }
    const part = document.createElement('template');
    part.innerHTML = svg;
    const drawn = part.content.querySelector('svg');
    if (!drawn) return;
    addLetters(root, drawn);
    // The items are the last elements of a drawing, in order.
    const [old, fresh] = [[...root.children].slice(-items), [...drawn.children].slice(drawn.childElementCount - changed.length)];
    changed.forEach((index, at) => old[index]?.replaceWith(fresh[at] ?? ''));
  };
}

/** Letters are only added: taking one away would lay out all that use any of them again. */
function addLetters(root: SVGSVGElement, drawn: SVGSVGElement): void {
  const home = root.querySelector('defs');
  for (const letter of drawn.querySelectorAll('defs > *')) {
    if (!home?.querySelector(`#${CSS.escape(letter.id)}`)) home?.append(letter);
  }
}
