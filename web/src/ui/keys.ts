/** Keys that work wherever no text is typed. */

import { VIEWS } from '../state';
import type { Store } from '../store';
import type { Player } from './player';
import type { Stage } from './stage';

export interface Actions {
  readonly store: Store;
  readonly player: Player;
  readonly stage: Stage;
  copyLink(): void;
  help(): void;
}

/** The action of a key, if it has one. `now` is asked at every press: the page may have been built anew. */
export function listen(now: () => Actions | null): void {
  document.addEventListener('keydown', (event) => {
    const actions = now();
    if (!actions || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target as Element;
    if (target.closest('input:not([type=range],[type=checkbox]), select, textarea, dialog[open]')) return;
    // A button that has the focus is pressed by the space bar itself.
    if (event.key === ' ' && target.closest('button, summary, input')) return;
    if (press(event.key, actions)) event.preventDefault();
  });
}

function press(key: string, { store, player, stage, copyLink, help }: Actions): boolean {
  const view = VIEWS[Number(key) - 1];
  if (view) store.set({ view });
  else if (key === ' ') player.toggle();
  else if (key === '[') player.by(-1);
  else if (key === ']') player.by(1);
  else if (key === 'e') stage.edit();
  else if (key === 't') stage.toggleTable();
  else if (key === 'l') copyLink();
  else if (key === '?') help();
  else if (key === 'g') stage.focus();
  else return false;
  return true;
}
