// Trained models of data/models, fetched when the reader asks: in the static page as a classic script (so that it
// works from disk), with a kernel from Python.
import { parse } from "../core/safetensors.js";
import { h, put, say } from "./dom.js";

const PATIENCE = 30_000; // ms until a kernel that does not answer counts as gone
const loaded = new WeakMap(); // the host's model -> name -> what was loaded: a change of language keeps it

/** @typedef {ReturnType<typeof parse>} Trained */

/** Bytes of the model's file. @param {import("./frame.js").Ui} ui @param {string} name */
export const modelSize = (ui, name) => ui.host.get("model_sizes")?.[name] ?? 0;

/** @param {import("./frame.js").Ui} ui @param {string} name @returns {Promise<Trained>} */
export async function loadModel(ui, name) {
  const { host } = ui,
    known = loaded.get(host) ?? {};
  known[name] ??= parse(await (host.load ? host.load(name) : fromKernel(host, name)));
  loaded.set(host, known);
  return known[name];
}

function fromKernel(host, name) {
  return new Promise((resolve, reject) => {
    const done = (settle, value) => {
      clearTimeout(timer);
      host.off("msg:custom", heard);
      settle(value);
    };
    const heard = (message, buffers) => {
      if (message?.model !== name) return;
      if (message.error) return done(reject, new Error(message.error));
      const { buffer, byteOffset, byteLength } = buffers[0];
      done(resolve, buffer.slice(byteOffset, byteOffset + byteLength));
    };
    const timer = setTimeout(() => done(reject, new Error("Python does not answer")), PATIENCE);
    host.on("msg:custom", heard);
    host.send({ load: name });
  });
}

/** 1.0 MB, 130 kB. @param {number} bytes */
export const size = (bytes) =>
  bytes < 999_500 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

/**
 * A button that loads a model and says its size; it goes when the model is there.
 * @param {import("./frame.js").Ui} ui
 * @param {string} name
 * @param {{text: string, into?: HTMLElement, onLoad?: (trained: Trained) => void}} options  text: what is loaded, without the size
 * @returns {{node: HTMLElement, value: Trained | null, load: () => Promise<void>}}
 */
export function trainedModel(ui, name, { text, into = ui.toolbar, onLoad }) {
  const words = h("span", {}),
    hint = h("p", { class: "fg-hint", role: "alert", hidden: true });
  const button = h(
    "button",
    { type: "button", class: "fg-button", "data-model": name, onclick: () => made.load() },
    words,
  );
  const made = {
    node: h("div", { class: "fg-load" }, button, hint),
    value: loaded.get(ui.host)?.[name] ?? null,
    load,
  };
  async function load() {
    if (made.value || button.getAttribute("aria-disabled") === "true") return;
    state("loading");
    try {
      made.value = await loadModel(ui, name);
      if (!ui.alive) return;
      state("there");
      onLoad?.(made.value);
      ui.redraw();
    } catch (error) {
      console.warn(`model ${name}:`, error);
      state("failed");
    }
  }
  function state(now) {
    made.node.hidden = now === "there";
    hint.hidden = now !== "failed";
    say(hint, now === "failed" ? ui.t("ui.loadFailed") : "");
    put(button, { "aria-disabled": now === "loading" ? "true" : "false" });
    say(words, now === "loading" ? ui.t("ui.loading") : `${text} (${size(modelSize(ui, name))})`);
  }
  state(made.value ? "there" : "idle");
  into.append(made.node);
  if (made.value) queueMicrotask(() => onLoad?.(made.value));
  return made;
}
