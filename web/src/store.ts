/** The one state of the page, its listeners and its place in the browser's history. */

import { changed, type Patch, type State } from './state';
import { format, here } from './url';

type Listener = (state: State, before: State) => void;

/** `push` makes a step that "back" undoes, `replace` does not, `none` leaves the address alone (while playing). */
export type History = 'push' | 'replace' | 'none';

export class Store {
  #state: State = here();
  readonly #listeners: Listener[] = [];

  constructor() {
    window.addEventListener('popstate', () => this.#become(here()));
    window.addEventListener('hashchange', () => this.#become(here()));
  }

  get state(): State {
    return this.#state;
  }

  listen(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** Changes the state and tells everyone. */
  set(patch: Patch, history: History = 'push'): void {
    this.#become(changed(this.#state, patch));
    if (history !== 'none') this.write(history);
  }

  /** Tells everyone again. */
  touch(): void {
    for (const listener of this.#listeners) listener(this.#state, this.#state);
  }

  /** Writes the present state into the address. */
  write(history: 'push' | 'replace'): void {
    const address = `#${format(this.#state)}`;
    if (address === location.hash) return;
    if (history === 'push') window.history.pushState(null, '', address);
    else window.history.replaceState(null, '', address);
  }

  #become(next: State): void {
    const before = this.#state;
    if (format(before) === format(next) && before.embed === next.embed) return;
    this.#state = next;
    for (const listener of this.#listeners) listener(next, before);
  }
}
