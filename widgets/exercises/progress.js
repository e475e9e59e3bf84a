// What the reader has answered: in this browser only. Where nothing can be stored, until the page is left.

const KEY = "fg-exercises";
const LONGEST = 2000; // characters of an answer; parse.js takes no more
const EVENT = "fg-progress";

/** @typedef {Record<string, { answer: string, right: boolean }>} Progress exercise → the last answer, and was it ever right */

/** Both scripts of a page share what is known while it is open. @type {{ known: Progress | null, kept: boolean }} */
const state = Object.assign(globalThis, {
  fgProgress: globalThis["fgProgress"] ?? { known: null, kept: true },
}).fgProgress;

/** What was stored, as far as it has the right form. @returns {Progress} */
function stored() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    const fine = ([name, entry]) =>
      /^\d\d\.\d+$/.test(name) && typeof entry?.answer === "string" && typeof entry.right === "boolean";
    return Object.fromEntries(Object.entries(found ?? {}).filter(fine));
  } catch {
    return {};
  }
}

export function progress() {
  state.known ??= stored();
  return state.known;
}

/** Whether what was noted last could be stored. */
export const kept = () => state.kept;

/** @param {string} exercise @param {string} answer @param {boolean} right */
export function note(exercise, answer, right) {
  const known = state.kept ? { ...progress(), ...stored() } : progress(); // another page may have noted more
  const before = known[exercise];
  state.known = {
    ...known,
    [exercise]: { answer: answer.slice(0, LONGEST), right: right || (before?.right ?? false) },
  };
  store(JSON.stringify(state.known));
}

export function erase() {
  state.known = {};
  store(null);
}

function store(value) {
  try {
    if (value === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, value);
    state.kept = true;
  } catch {
    state.kept = false;
  }
  document.dispatchEvent(new Event(EVENT));
}

/** Calls back when the progress changes, here or in another window. @param {() => void} then */
export function onChange(then) {
  document.addEventListener(EVENT, then);
  addEventListener("storage", ({ key }) => {
    if (key !== KEY && key !== null) return;
    state.known = stored();
    then();
  });
}
