/** Copying and saving. */

import type { App } from '../app';
import { h } from '../dom';

/** Puts text on the clipboard and says so; where pages may not, the old way, and if that fails too, that. */
export async function copy(app: App, text: string): Promise<void> {
  let done = false;
  try {
    await navigator.clipboard.writeText(text);
    done = true;
  } catch {
    const field = h('textarea', { class: 'sr', 'aria-hidden': 'true' });
    field.value = text;
    const back = document.activeElement as HTMLElement | null;
    document.body.append(field);
    field.select();
    done = document.execCommand('copy');
    field.remove();
    back?.focus();
  }
  app.announce(done ? app.words.copied : app.words.copyFailed);
}

/** Hands a file to the reader. */
export function save(app: App, name: string, data: Blob): void {
  const address = URL.createObjectURL(data);
  const anchor = h('a', { href: address, download: name });
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
  app.announce(app.words.saved(name));
}
