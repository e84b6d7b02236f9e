/**
 * Rows of a table body or a list, by id, in an element that is hidden if there are none.
 * Unchanged rows are not touched, so the focus stays.
 */
export class List {
  #rows = new Map();
  #section;
  #body;
  #limit;

  /** body is a selector within the section. Only the topmost rows up to the limit are kept. */
  constructor(section, body, limit = Infinity) {
    this.#section = section;
    this.#body = section.querySelector(body);
    this.#limit = limit;
  }

  get size() {
    return this.#rows.size;
  }

  has(id) {
    return this.#rows.has(id);
  }

  get(id) {
    return this.#rows.get(id);
  }

  /** Puts a row above all others. */
  add(id, row) {
    this.#rows.set(id, row);
    this.#body.prepend(row);
    if (this.#rows.size > this.#limit) this.remove(this.#rows.keys().next().value);
    this.#show();
  }

  /** Removes a row. A focus in it goes to the same button of a neighbour, else to the heading. */
  remove(id) {
    const row = this.#rows.get(id);
    if (!row) return;
    const focused = row.contains(document.activeElement);
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    this.#rows.delete(id);
    this.#show();
    if (focused) (next?.querySelector("button") ?? this.#section.querySelector("h3")).focus();
  }

  /** Keeps only the rows of these ids. */
  keep(ids) {
    for (const id of [...this.#rows.keys()]) if (!ids.has(id)) this.remove(id);
  }

  #show() {
    this.#section.querySelector(".scroll").hidden = this.size === 0;
    this.#section.querySelector(".empty").hidden = this.size > 0;
  }
}
