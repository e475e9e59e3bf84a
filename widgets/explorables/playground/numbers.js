// The weights as numbers: boxes for one neuron's, and a table of all, with what the probe makes of them.
import { h, put, say } from "../../ui/dom.js";
import { number, parse, plain } from "../../ui/format.js";
import { featureName, neuronName } from "./network.js";

export const LARGEST = 1000; // of a weight that is typed in

/** @param {import("../../ui/frame.js").Ui} ui @param {{into: HTMLElement, onEdit: (index: number, value: number) => void}} options */
export function editorOf(ui, { into, onEdit }) {
  const { t } = ui;
  const head = h("p", { class: "fg-edit-head" });
  const boxes = h("div", { class: "fg-edit-boxes" });
  const hint = h("p", { class: "fg-hint", hidden: true });
  const node = h("div", { class: "fg-edit" }, head, boxes, hint);
  into.append(node);
  let shown = "";
  let inputs = [];

  function complain(input, text) {
    say(hint, text);
    hint.hidden = text === "";
    text ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid");
  }
  function accept(input, index) {
    const value = parse(input.value);
    const wrong = !Number.isFinite(value)
      ? t("ui.notANumber", { example: "0.5" })
      : Math.abs(value) > LARGEST
        ? t("tooFar", { value: number(value), largest: LARGEST })
        : "";
    complain(input, wrong);
    if (!wrong) onEdit(index, value);
  }
  function build(now) {
    const [layer, i] = now.selected;
    const fan = now.sizes[layer - 1];
    const { weights, biases } = now.places[layer - 1];
    const entries = Array.from({ length: fan }, (_, j) => [
      inputName(t, now, layer, j),
      weights + i * fan + j,
    ]);
    entries.push([t("bias"), biases + i]);
    inputs = entries.map(([name, index]) => {
      const input = h("input", {
        type: "text",
        class: "fg-weight",
        inputmode: "decimal",
        autocomplete: "off",
        spellcheck: "false",
        "aria-label": t("weightOf", { name, neuron: neuronName(t, now.hidden.length, layer, i) }),
      });
      input.addEventListener("change", () => accept(input, index));
      input.addEventListener("keydown", (event) => {
        const by = { ArrowUp: 0.1, ArrowDown: -0.1 }[event.key];
        if (event.key === "Enter") accept(input, index);
        if (!by) return;
        event.preventDefault();
        const value = parse(input.value);
        if (Number.isFinite(value)) input.value = plain(Number((value + by).toFixed(6)));
        accept(input, index);
      });
      input.addEventListener("blur", () => {
        complain(input, "");
        input.dataset.stale = "yes";
        ui.redraw();
      });
      return { input, index };
    });
    boxes.replaceChildren(
      ...inputs.map(({ input }, k) =>
        h("label", { class: "fg-edit-box" }, h("span", { text: entries[k][0] }), input),
      ),
    );
  }
  return {
    /** The box of one input of the neuron that is selected. @param {number} j */
    focus(j) {
      inputs[j]?.input.focus();
      inputs[j]?.input.select();
    },
    draw(now) {
      const { selected } = now;
      const key = selected ? JSON.stringify([selected, now.hidden, now.features]) : "";
      if (key !== shown) {
        shown = key;
        complain(boxes, "");
        if (selected) build(now);
        else boxes.replaceChildren();
      }
      if (!selected) return say(head, t("pick"));
      const name = neuronName(t, now.hidden.length, ...selected);
      const last = selected[0] === now.hidden.length + 1;
      say(
        head,
        t(last ? (now.classes ? "outputIs" : "valueIs") : "neuronIs", {
          name,
          activation: t(`formula ${now.activation}`),
        }),
      );
      const active = node.getRootNode().activeElement;
      for (const { input, index } of inputs) {
        if (input !== active || input.dataset.stale) input.value = plain(now.net.parameters[index]);
        delete input.dataset.stale;
      }
      return undefined;
    },
  };
}

const inputName = (t, now, layer, j) =>
  layer === 1 ? featureName(now.features[j]) : neuronName(t, now.hidden.length, layer - 1, j);

/** @param {import("../../ui/frame.js").Ui} ui */
export function tableOf(ui) {
  const { t } = ui;
  const node = h("div", { class: "fg-tables", role: "region", "aria-label": t("numbers"), hidden: true });
  let shown = "";
  let cells = [];

  function build(now) {
    cells = [];
    const cell = (read) => {
      const td = h("td", {});
      cells.push([td, read]);
      return td;
    };
    const tables = now.places.map(({ weights, biases }, k) => {
      const layer = k + 1;
      const [fan, size] = [now.sizes[k], now.sizes[layer]];
      const last = layer === now.sizes.length - 1;
      const columns = [
        ...Array.from({ length: fan }, (_, j) => inputName(t, now, layer, j)),
        t("bias"),
        "z",
        last ? (now.classes ? "σ(z)" : "ŷ") : "h",
      ];
      const rows = Array.from({ length: size }, (_, i) =>
        h(
          "tr",
          {},
          h("th", { scope: "row", text: neuronName(t, now.hidden.length, layer, i) }),
          ...Array.from({ length: fan }, (_, j) =>
            cell((now_) => now_.net.parameters[weights + i * fan + j]),
          ),
          cell((now_) => now_.net.parameters[biases + i]),
          cell(({ at }) => at.z[layer][i]),
          cell(({ at, classes }) => (last && classes ? 1 / (1 + Math.exp(-at.z[layer][i])) : at.h[layer][i])),
        ),
      );
      return h(
        "table",
        { class: "fg-table" },
        h("caption", { text: last ? t("outputLayer") : t("hiddenLayer", { layer }) }),
        h("thead", {}, h("tr", {}, h("td", {}), ...columns.map((text) => h("th", { scope: "col", text })))),
        h("tbody", {}, ...rows),
      );
    });
    node.replaceChildren(h("p", { class: "fg-table-note" }), ...tables);
  }
  return {
    node,
    draw(now) {
      node.hidden = !now.numbers;
      if (!now.numbers) {
        shown = "";
        return;
      }
      const key = JSON.stringify([now.hidden, now.features, now.classes]);
      if (key !== shown) {
        shown = key;
        build(now);
      }
      say(
        node.firstChild,
        t("tableNote", {
          count: now.net.parameters.length,
          x: number(now.probe[0]),
          y: number(now.probe[1]),
        }),
      );
      for (const [td, read] of cells) say(td, number(read(now)));
      put(node, { tabindex: node.scrollWidth > node.clientWidth ? 0 : -1 });
    },
  };
}
