/** Elements are made here and nowhere else: text goes in as text, so that no job's words are ever read as HTML. */

type Child = Node | string;
type Attributes = Readonly<Record<string, string>>;

const SVG = 'http://www.w3.org/2000/svg';

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Node[]
): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export function button(text: string, onClick: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, text);
  made.addEventListener('click', onClick);
  return made;
}

/** The element of the page with this id, which index.html has. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/** Changes a text only when it is another one: what is live would be read aloud again. */
export function say(target: Node, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** Sets an attribute only when it differs, so that nothing is laid out anew for nothing. */
export function mark(target: Element, name: string, value: string): void {
  if (target.getAttribute(name) !== value) target.setAttribute(name, value);
}

/** Sets a property of CSS; the policy of the page forbids style attributes, not this. */
export function place(target: HTMLElement | SVGElement, properties: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(properties)) target.style.setProperty(name, value);
}

/** Read aloud when convenient; for what the visitor did, and for turns of the whole system. */
export function announce(text: string): void {
  say(byId('announcement'), text);
}

/**
 * The children of a host, kept by key: what is known stays the same element, so that neither the focus nor an open row is lost.
 */
export class KeyedList<Item, Row extends { readonly element: Element }> {
  readonly #host: Element;
  readonly #make: (item: Item) => Row;
  readonly #keyOf: (item: Item) => string;
  #rows = new Map<string, Row>();

  constructor(host: Element, keyOf: (item: Item) => string, make: (item: Item) => Row) {
    this.#host = host;
    this.#keyOf = keyOf;
    this.#make = make;
  }

  show(items: readonly Item[], update: (row: Row, item: Item) => void): void {
    const rows = new Map(items.map((item) => [this.#keyOf(item), this.#rows.get(this.#keyOf(item)) ?? this.#make(item)]));
    for (const [key, row] of this.#rows) if (!rows.has(key)) row.element.remove();
    this.#rows = rows;
    let at = 0;
    for (const { element } of rows.values()) {
      if (this.#host.children[at] !== element) this.#host.insertBefore(element, this.#host.children[at] ?? null);
      at += 1;
    }
    for (const item of items) update(rows.get(this.#keyOf(item))!, item);
  }
}
