// Formulas: settings of MathJax, whose script follows in this file. Sphinx marks every formula with the class
// "math"; nothing else is searched. What is in view is set first, the rest in pieces between two frames, so that
// the page answers while it is set.
(() => {
  const here = document.currentScript.src.replace(/[^/]*$/, "mathjax"), PIECE_MS = 12;
  let rest = [];

  const inView = (el) => { const box = el.getBoundingClientRect(); return box.top < innerHeight * 1.5 && box.bottom > -innerHeight / 2; };
  const idle = () => new Promise((done) => (globalThis.requestIdleCallback ?? setTimeout)(done, { timeout: 200 }));

  async function set(elements) {
    await MathJax.typesetPromise(elements);
    dispatchEvent(new CustomEvent("fg-math", { detail: elements })); // site.js looks which are wider than the page
  }

  async function setFormulas() {
    const all = [...document.querySelectorAll(".math")], first = all.filter(inView);
    rest = all.filter((el) => !first.includes(el));
    await set(first);
    let size = 8;
    while (rest.length) {
      await idle();
      const start = performance.now();
      await set(rest.splice(0, size));
      size = Math.max(2, Math.min(64, Math.round(size * PIECE_MS / Math.max(1, performance.now() - start))));
    }
    document.documentElement.dataset.math = "set";
  }

  addEventListener("beforeprint", () => { if (rest.length) MathJax.typeset(rest.splice(0)); });
  window.MathJax = {
    loader: { load: [] },
    tex: { inlineMath: [["\\(", "\\)"]], displayMath: [["\\[", "\\]"]], tags: "none", packages: { "[-]": ["require", "autoload"] } },
    chtml: { fontURL: here, matchFontHeight: false },
    options: { ignoreHtmlClass: "mathjax_ignore", processHtmlClass: "math", enableAssistiveMml: true },
    startup: { typeset: false, pageReady: setFormulas },
  };
})();
