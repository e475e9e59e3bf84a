// "Run Python here", where the site was built with Pyodide: a box for code in each <div class="fg-python">.
import { h } from "./dom.js";
import { note, onChange, progress } from "./progress.js";

const chinese = document.documentElement.lang.startsWith("zh");
const words = chinese
  ? {
      code: "你的函数",
      run: (size) => `在这里运行 Python（首次需载入 ${size} MB）`,
      again: "在这里运行 Python",
      stop: "停止",
      running: "正在运行……",
      stopped: "已停止。",
      absent: "Python 没有载入。请检查网络，然后再试。",
      disk: "从磁盘打开的网页不能在这里运行 Python；请经由服务器打开本书（`make book`），或用 Colab。",
    }
  : {
      code: "Your function",
      run: (size) => `Run Python here (loads ${size} MB once)`,
      again: "Run Python here",
      stop: "Stop",
      running: "Running…",
      stopped: "Stopped.",
      absent: "Python did not load. Is there a connection? Then try again.",
      disk: "In a page from disk Python cannot run: open the book from a server (`make book`), or use Colab.",
    };

const here = /** @type {HTMLScriptElement} */ (document.currentScript).src;
/** @type {Worker | null} one for the page; ended with what it runs */
let worker = null;

class PythonBox {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.exercise = place.dataset.exercise;
    const cell = place.closest(".cell"),
      id = `python-${this.exercise.replace(".", "-")}`;
    this.empty = cell.querySelector(".cell_input pre").textContent.trimEnd();
    this.code = h("textarea", { id, spellcheck: false, rows: 10, value: this.empty });
    this.status = h("pre", { className: "fg-verdict" });
    this.status.setAttribute("role", "status");
    this.button = h("button", { type: "submit" }, words.run(place.dataset.megabytes));
    this.stop = h(
      "button",
      { type: "button", hidden: true, onclick: () => this.end(words.stopped) },
      words.stop,
    );
    const row = h("div", { className: "fg-answer-row" }, this.button, this.stop);
    const form = h(
      "form",
      { className: "fg-answer" },
      h("label", { htmlFor: id }, words.code),
      this.code,
      row,
    );
    form.append(this.status);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.run();
    });
    place.append(form);
    this.restore();
    onChange(() => this.restore());
  }

  run() {
    worker ??= new Worker(new URL("../pyodide/worker.js", here), { type: "module" });
    worker.onmessage = ({ data }) => this.done(data);
    worker.onerror = () => this.end(words.absent);
    worker.postMessage({ code: this.code.value, language: chinese ? "zh" : "en" });
    this.status.textContent = words.running;
    this.stop.hidden = false;
  }

  /** @param {{ printed?: string, right?: boolean | null, failed?: string }} result */
  done({ printed, right, failed }) {
    if (failed) {
      console.error(failed);
      return this.end(words.absent);
    }
    this.stop.hidden = true;
    this.button.textContent = words.again;
    this.status.textContent = printed.trimEnd();
    this.status.closest("div").dataset.verdict = right === null ? "" : right ? "right" : "wrong";
    if (right !== null) note(this.exercise, this.code.value, right);
  }

  /** @param {string} why */
  end(why) {
    worker?.terminate();
    worker = null;
    this.stop.hidden = true;
    this.status.textContent = why;
  }

  restore() {
    const before = progress()[this.exercise];
    if (!before && this.code.value !== this.empty && this.status.textContent) this.code.value = this.empty;
    else if (before && this.code.value === this.empty) this.code.value = before.answer;
  }
}

for (const place of document.querySelectorAll(".fg-python"))
  if (location.protocol === "file:") place.append(h("p", { className: "fg-colab" }, words.disk));
  else new PythonBox(/** @type {HTMLElement} */ (place));
