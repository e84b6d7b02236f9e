/** Makes an element with attributes and children. */
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

/** Returns what root has for a name: the element with that data-field. */
export function field(root, name) {
  return root.querySelector(`[data-field="${name}"]`);
}

/** Writes text where it has changed, so that nothing is announced or painted for nothing. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
