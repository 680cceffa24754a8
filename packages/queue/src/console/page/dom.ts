/** Elements are made here and nowhere else: text goes in as text, so that no job's words are ever read as HTML. */

type Child = Node | string;

/** What an element gets besides its children. */
interface Parts {
  readonly class?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly onClick?: () => void;
}

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  parts: Parts = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (parts.class !== undefined) made.className = parts.class;
  for (const [name, value] of Object.entries(parts.attributes ?? {})) made.setAttribute(name, value);
  if (parts.onClick !== undefined) made.addEventListener('click', parts.onClick);
  made.append(...children);
  return made;
}

export function button(text: string, onClick: () => void, label: string = text, danger = false): HTMLButtonElement {
  const attributes = { type: 'button', 'aria-label': label };
  return element('button', { attributes, onClick, ...(danger ? { class: 'danger' } : {}) }, text);
}

export function link(text: string, href: string, label: string = text): HTMLAnchorElement {
  return element('a', { attributes: { href, 'aria-label': label } }, text);
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

/** What a column is called, and how its cells are aligned. */
export type Column = readonly [name: string, kind: 'number' | 'words'];

/** A table whose meaning stays when a narrow page lays it out as cards: then browsers forget it unless the roles say it. */
export function table(caption: string, columns: readonly Column[], body: HTMLElement): HTMLTableElement {
  const heads = columns.map(([name, kind]) => element('th', { class: kind, attributes: { scope: 'col', role: 'columnheader' } }, name));
  const head = element('thead', { attributes: { role: 'rowgroup' } }, element('tr', { attributes: { role: 'row' } }, ...heads));
  return element('table', { attributes: { role: 'table', 'aria-label': caption } }, head, body);
}

export function tableBody(...rows: readonly HTMLElement[]): HTMLTableSectionElement {
  return element('tbody', { attributes: { role: 'rowgroup' } }, ...rows);
}

export function row(...cells: readonly HTMLElement[]): HTMLTableRowElement {
  return element('tr', { attributes: { role: 'row' } }, ...cells);
}

export function rowHead(...children: readonly Child[]): HTMLElement {
  return element('th', { attributes: { scope: 'row', role: 'rowheader' } }, ...children);
}

/** A cell that can name its column, for the cards of a narrow page. */
export function cell([column, kind]: Column, ...children: readonly Child[]): HTMLTableCellElement {
  return element('td', { class: kind, attributes: { role: 'cell', 'data-column': column } }, ...children);
}
