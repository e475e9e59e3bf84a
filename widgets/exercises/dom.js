/** An element with these properties and children. @param {string} tag @param {Record<string, any>} properties @param {(Node | string)[]} children */
export function h(tag, properties = {}, ...children) {
  const el = Object.assign(document.createElement(tag), properties);
  el.append(...children);
  return el;
}
