// Beside each chapter in the contents: how many of its exercises are right. Below: export, and erase.
// And where the page has exercises, their boxes are loaded when the first of them comes near.
import { h } from "./dom.js";
import { erase, onChange, progress } from "./progress.js";

const words = document.documentElement.lang.startsWith("zh")
  ? {
      progress: (right, total) => `${total} 道练习做对了 ${right} 道`,
      export: "导出",
      erase: "清除",
      sure: "清除这个浏览器里的答案和进度吗？",
    }
  : {
      progress: (right, total) => `${right} of ${total} exercises right`,
      export: "Export",
      erase: "Erase",
      sure: "Erase your answers and your progress in this browser?",
    };

/** Links to chapters with exercises: `data-exercises="06 6"` is six of chapter 06. */
const links = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-exercises]")]);
const places = links.map((link) => {
  const [chapter, total] = link.dataset.exercises.split(" ");
  const shown = h("span", { className: "contents-progress", hidden: true });
  link.append(shown);
  return { chapter, total: Number(total), shown };
});

const rightIn = (chapter) =>
  Object.entries(progress()).filter(([name, { right }]) => right && name.startsWith(`${chapter}.`)).length;

function download() {
  const name = "large-models-exercises.json";
  const file = new Blob([`${JSON.stringify(progress(), null, 1)}\n`], { type: "application/json" });
  const link = h("a", { href: URL.createObjectURL(file), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const sum = h("span");
const panel = h(
  "div",
  { className: "contents-sum", hidden: true },
  sum,
  h("button", { type: "button", onclick: download }, words.export),
  h("button", { type: "button", onclick: () => confirm(words.sure) && erase() }, words.erase),
);
document.querySelector("#contents")?.append(panel);

function show() {
  for (const { chapter, total, shown } of places) {
    const right = rightIn(chapter);
    shown.hidden = !right;
    const said = h("span", { className: "hidden" }, `, ${words.progress(right, total)}`);
    const figures = h("span", {}, `${right}/${total}`);
    figures.setAttribute("aria-hidden", "true");
    shown.replaceChildren(figures, said);
  }
  const all = places.reduce((count, { total }) => count + total, 0);
  const right = places.reduce((count, { chapter }) => count + rightIn(chapter), 0);
  sum.textContent = words.progress(right, all);
  panel.hidden = !Object.keys(progress()).length;
}

show();
onChange(show);

const here = /** @type {HTMLScriptElement} */ (document.currentScript).src;
const boxes = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".fg-exercise"));

function load() {
  const chapter = boxes[0].dataset.exercise.slice(0, 2),
    language = document.documentElement.lang.slice(0, 2);
  for (const name of [`exercises/${chapter}.${language}.js`, "exercises.js"]) {
    const source = Object.assign(new URL(name, here), { search: new URL(here).search }).href;
    document.head.append(h("script", { src: source, async: false }));
  }
}

if (boxes.length) {
  const watch = new IntersectionObserver(
    (seen) => {
      if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
      watch.disconnect();
      load();
    },
    { rootMargin: "1500px 0px" },
  );
  for (const box of boxes) watch.observe(box);
}
