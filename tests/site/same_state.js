// Does every control show the state that the picture was drawn from? Runs inside a page of the site, in one go.
//
// Every pair of values of the selectors (selects, radio buttons, checkboxes) is set, one after the other and in both
// orders. After each change each control must show its trait, and a fresh explorable with the same traits must show the
// same controls, words and picture. Frames, sizes and timers are ours meanwhile, so that nothing waits.

// --- the place ---

const frames = new Map();
const observers = new Set();
let number = 0;

class Observer {
  constructor(heard) {
    this.heard = heard;
    this.nodes = new Map();
    observers.add(this);
  }
  observe(node) {
    this.nodes.set(node, null);
  }
  unobserve(node) {
    this.nodes.delete(node);
  }
  disconnect() {
    observers.delete(this);
  }
  look() {
    const entries = [];
    for (const [node, known] of this.nodes) {
      const width = node.isConnected ? node.clientWidth : 0;
      if (width === known) continue;
      this.nodes.set(node, width);
      entries.push({ target: node, contentRect: { width, height: node.clientHeight } });
    }
    if (entries.length) this.heard(entries, this);
  }
}

const OURS = {
  requestAnimationFrame(draw) {
    number += 1;
    frames.set(number, draw);
    return number;
  },
  cancelAnimationFrame: (id) => frames.delete(id),
  ResizeObserver: Observer,
  setTimeout: (then, delay = 0, ...rest) =>
    delay ? theirs.setTimeout.call(globalThis, then, delay, ...rest) : OURS.requestAnimationFrame(then),
};
const theirs = Object.fromEntries(Object.keys(OURS).map((name) => [name, globalThis[name]]));

function draw() {
  for (const observer of observers) observer.look();
  const now = [...frames.values()];
  frames.clear();
  for (const paint of now) paint(performance.now());
}

/** What is left for later (goals that are looked for once the reader has let go), and what is trained meanwhile. */
async function settled(root) {
  for (let i = 0; i < 2 || (root.dataset.busy === "yes" && i < 2000); i += 1) {
    await null;
    draw();
  }
}

class Model {
  constructor(state) {
    this.state = structuredClone(state);
    this.heard = new Map();
  }
  get = (name) => this.state[name];
  set(name, value) {
    if (Object.is(this.state[name], value)) return;
    this.state[name] = value;
    for (const heard of [...(this.heard.get(`change:${name}`) ?? [])]) heard();
  }
  on(name, heard) {
    if (!this.heard.has(name)) this.heard.set(name, new Set());
    this.heard.get(name).add(heard);
  }
  off(name, heard) {
    this.heard.get(name)?.delete(heard);
  }
  save_changes() {}
  send() {}
  load() {
    return Promise.reject(new Error("no models here"));
  }
}

async function mount(live, state) {
  const el = document.createElement("div");
  live.querySelector(".fg-room").append(el);
  const model = new Model({ ...state, kernel: false });
  const close = firstgradWidgets[live.dataset.widget].default.render({ model, el });
  const root = el.querySelector(".fg-explorable");
  draw();
  await settled(root);
  return { model, root, remove: () => [close(), el.remove()] };
}

// --- what is seen ---

// What ties parts together by a name that is made anew for each.
const NAMES = new Set([
  "id",
  "for",
  "name",
  "aria-controls",
  "aria-describedby",
  "aria-labelledby",
  "clip-path",
]);
const styleOf = (node) =>
  [...node.style]
    .map((name) => `${name}:${node.style.getPropertyValue(name)}`)
    .sort()
    .join(";");
function drawn(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  if (node.nodeType !== Node.ELEMENT_NODE || node.style.display === "none" || node.hidden) return "";
  if (node.localName === "canvas") return `<canvas ${node.toDataURL()}>`;
  const attributes = [...node.attributes]
    .filter(({ name }) => name !== "style" && !NAMES.has(name))
    .map(({ name, value }) => `${name}=${value.trim()}`);
  const style = styleOf(node);
  if (style) attributes.push(`style=${style}`);
  return `<${node.localName} ${attributes.sort().join(" ")}>${[...node.childNodes].map(drawn).join("")}`;
}
const visible = (el) => !el.closest("[hidden]") && el.checkVisibility();
function controlOf(el) {
  const seen = { type: el.type, disabled: el.disabled, fill: styleOf(el) };
  if (["radio", "checkbox"].includes(el.type)) return { ...seen, option: el.value, checked: el.checked };
  const ends =
    el.type === "range" ? { min: el.min, max: el.max, said: el.getAttribute("aria-valuetext") } : {};
  return { ...seen, ...ends, value: el.value };
}
function seen(root) {
  const all = [...root.querySelectorAll("input, select, textarea")].filter(visible);
  const text = (where) => root.querySelector(where).textContent;
  return {
    controls: all.map(controlOf),
    around: [...root.querySelectorAll(".fg-control")].filter(visible).map(drawn),
    buttons: [...root.querySelectorAll("button")].filter(visible).map((el) => [el.textContent, el.disabled]),
    says: text(".fg-says"),
    goal: text(".fg-goal"),
    question: text(".fg-question"),
    tone: [root.dataset.tone, root.dataset.error],
    picture: [...root.querySelectorAll(".fg-figures")].map(drawn),
  };
}
/** Where a control does not show its trait. */
function untrue(root, state) {
  const wrong = [];
  for (const el of [...root.querySelectorAll(".fg-control[data-trait]")].filter(visible)) {
    if (!(el.dataset.trait in state)) continue; // a choice that sets several
    const value = state[el.dataset.trait];
    const say = (what, shown) =>
      wrong.push(`${el.dataset.trait} is ${JSON.stringify(value)}, ${what} ${shown}`);
    const box = el.querySelector(".fg-number");
    if (box && typeof value === "number" && !(Math.abs(Number(box.value) - value) <= 1e-3 * Math.abs(value)))
      say("the box says", box.value);
    const radios = [...el.querySelectorAll("input[type=radio]")];
    const chosen = radios.filter((radio) => radio.checked).map((radio) => radio.value);
    if (radios.length && chosen.join() !== String(value)) say("chosen is", chosen.join());
    const check = el.querySelector("input[type=checkbox]");
    if (check && check.checked !== Boolean(value)) say("checked is", check.checked);
    const select = el.querySelector("select");
    if (select && select.value !== String(value)) say("selected is", select.value);
  }
  return wrong;
}
function difference(one, two) {
  return Object.keys(one).flatMap((part) => {
    const [a, b] = [one[part], two[part]].map((value) => JSON.stringify(value));
    if (a === b) return [];
    let i = 0;
    while (a[i] === b[i]) i += 1;
    const near = (text) => text.slice(Math.max(0, i - 60), i + 60);
    return [`${part}: …${near(a)}… but drawn anew …${near(b)}…`];
  });
}

// --- what is set ---

/** Every value that can be chosen, by its place among the inputs; of long lists four. */
function values(root) {
  const list = [];
  root.querySelectorAll("select, input[type=radio], input[type=checkbox]").forEach((el) => {
    if (el.closest(".fg-player") || !visible(el.closest(".fg-control") ?? el)) return;
    const trait = el.closest("[data-trait]")?.dataset.trait ?? el.id;
    if (el.localName !== "select") return list.push({ trait, type: el.type, value: el.value });
    const options = [...el.options].map((option) => option.value);
    const some =
      options.length <= 6 ? options : [0, 1, options.length >> 1, options.length - 1].map((i) => options[i]);
    for (const value of new Set(some)) list.push({ trait, type: "select", value });
  });
  return list;
}
async function set(root, { trait, type, value }) {
  const home = root.querySelector(`[data-trait="${trait}"]`) ?? root;
  if (type === "select") {
    const select = home.querySelector(trait && home !== root ? "select" : `select[id="${trait}"]`);
    if (!select || !visible(select) || ![...select.options].some((option) => option.value === value))
      return false;
    select.value = value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  } else {
    const input = [...home.querySelectorAll(`input[type=${type}]`)].find((el) => el.value === value);
    if (!input || input.disabled || !visible(input.closest(".fg-control") ?? input)) return false;
    input.click();
  }
  await settled(root);
  return true;
}

// --- the whole ---

async function tryAll(live, most) {
  const { traits } = JSON.parse(live.querySelector('script[type="application/json"]').textContent);
  const complaints = [];
  const anew = new Map(); // what a fresh one shows, by its traits
  async function compare(one, how) {
    const key = JSON.stringify(one.model.state);
    if (!anew.has(key)) {
      const fresh = await mount(live, one.model.state);
      anew.set(key, seen(fresh.root));
      fresh.remove();
    }
    const found = [...untrue(one.root, one.model.state), ...difference(seen(one.root), anew.get(key))];
    complaints.push(...found.map((line) => `${how}: ${line}`));
  }
  async function tryPair(pair) {
    const one = await mount(live, traits);
    const how = [];
    for (const step of pair) {
      if (!(await set(one.root, step))) continue;
      how.push(`${step.trait} ${step.value}`);
      await compare(one, how.join(", then "));
    }
    one.remove();
  }
  const first = await mount(live, traits);
  const all = values(first.root);
  first.remove();
  const pairs = all.flatMap((a) => all.filter((b) => b !== a).map((b) => [a, b]));
  // Of too many pairs every third, fifth … one: the stride is odd, so that each value comes first and second.
  const stride = pairs.length > most ? Math.ceil(pairs.length / most) | 1 : 1;
  let tried = 0;
  for (let i = 0; i < pairs.length && complaints.length < 5; i += stride) {
    await tryPair(pairs[i]);
    tried += 1;
  }
  return { complaints, tried, pairs: pairs.length, values: all.length };
}

async function inOurFrames(look) {
  Object.assign(globalThis, OURS);
  try {
    return await look();
  } finally {
    Object.assign(globalThis, theirs);
  }
}
globalThis.fgSameState = (live, most) => inOurFrames(() => tryAll(live, most));

// --- traits from elsewhere: another version's state, a hand-written address ---

const ODD = [null, "nonsense", -1, 1e308, 2.5, [], ["nonsense"], {}];

async function tryOdd(live) {
  const usual = firstgradWidgets[live.dataset.widget].default.traits;
  const saved = JSON.parse(live.querySelector('script[type="application/json"]').textContent).traits;
  const traits = { ...usual, ...saved }; // a page's state need not have all
  const complaints = [];
  let tried = 0;
  const good = await mount(live, traits);
  const wanted = seen(good.root);
  const broken = new RegExp(good.root.lang === "en" ? "met an error" : "遇到了错误");
  good.remove();
  for (const name of Object.keys(usual)) {
    for (const odd of complaints.length > 5 ? [] : ODD) {
      const how = `${name} = ${JSON.stringify(odd)}`;
      tried += 1;
      try {
        const one = await mount(live, { ...traits, [name]: odd });
        const says = one.root.querySelector(".fg-says").textContent;
        const offers = [...one.root.querySelectorAll("[data-model]")].some(visible); // to load what is missing
        if (!offers && says.trim() === "") complaints.push(`${how}: says nothing`);
        if (broken.test(says)) complaints.push(`${how}: ${says}`);
        for (const [trait, value] of Object.entries(structuredClone(traits))) one.model.set(trait, value);
        await settled(one.root);
        const left = difference(seen(one.root), wanted);
        complaints.push(...left.map((line) => `${how}, then put right: ${line}`));
        one.remove();
      } catch (error) {
        complaints.push(`${how}: dead, ${error.message}`);
      }
    }
  }
  return { complaints, tried };
}

globalThis.fgOddTraits = (live) => inOurFrames(() => tryOdd(live));
