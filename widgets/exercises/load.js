// What a judge has to load: a classic script, because fetch is dead in a page from disk.

/** What a script has put into the page, as its judge takes it. @type {Record<string, () => any>} */
const taken = {
  "exercises/shirts.js": () => globalThis["fgShirts"],
  "models/word_vectors.js": () => globalThis["firstgradModels"].word_vectors,
};

/** @type {Map<string, Promise<any>>} */
const coming = new Map();

/** @param {string} name under assets/ @param {string} source its address */
export function load(name, source) {
  if (!coming.has(name)) {
    const arrived = new Promise((resolve, reject) => {
      const script = Object.assign(document.createElement("script"), { src: source });
      script.onload = () => resolve(taken[name]());
      script.onerror = () => reject(new Error(`${source} did not load`));
      document.head.append(script);
    });
    coming.set(name, arrived);
    arrived.catch(() => coming.delete(name)); // it may be tried again
  }
  return coming.get(name);
}
