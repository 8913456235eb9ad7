/** Making elements. */

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | null | undefined | ((event: never) => void)>;

/** An element: attributes by name, listeners as `onclick`, children in order; what is null or false is left out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  append(element, ...children);
  return element;
}

/** Adds children, leaving out what is null or false. */
export function append(element: Element, ...children: Child[]): void {
  for (const child of children) if (child) element.append(child);
}

/** Puts children in the place of all present ones. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren();
  append(element, ...children);
}

/** A button with words. */
export function button(label: string, onclick: () => void, attributes: Attributes = {}): HTMLButtonElement {
  return h('button', { type: 'button', onclick, ...attributes }, label);
}

/** A choice among named values. */
export function select(
  label: string,
  options: readonly (readonly [value: string, name: string])[],
  value: string,
  onchange: (value: string) => void,
): HTMLSelectElement {
  const element = h('select', { 'aria-label': label, onchange: () => onchange(element.value) });
  for (const [option, name] of options) element.append(h('option', { value: option }, name));
  element.value = value;
  return element;
}
