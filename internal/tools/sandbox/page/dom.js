/** Creates an element with attributes and children. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Returns a copy of the first element in a template of index.html. */
export function copy(template) {
  return document.getElementById(template).content.firstElementChild.cloneNode(true);
}

/** Returns the element with that data-field in root. */
export function field(root, name) {
  return root.querySelector(`[data-field="${name}"]`);
}

/** Sets the text only if it changed, to avoid needless announcements and repaints. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
