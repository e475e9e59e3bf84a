// Search over the sections of one edition. Latin words match by their beginning, Chinese by pairs of characters;
// a whole phrase that occurs counts most. The same rules stand in site/ext/book_search.py.
(() => {
  const HAN = "\\u3400-\\u9fff\\uf900-\\ufaff",
    han = new RegExp(`[${HAN}]`);
  const runs = (text) => text.toLowerCase().match(new RegExp(`[${HAN}]+|[\\p{L}\\p{N}]+`, "gu")) ?? [];
  const split = (run) => (han.test(run) ? run.match(new RegExp(`[${HAN}]+|[^${HAN}]+`, "g")) : [run]);
  const pairs = (run) => (run.length < 2 ? [run] : [...run].slice(1).map((_, i) => run.slice(i, i + 2)));
  const terms = (text) =>
    runs(text)
      .flatMap(split)
      .flatMap((run) => (han.test(run) ? pairs(run) : [run]));

  const finder = (term) =>
    han.test(term)
      ? (text) => text.includes(term)
      : (
          (re) => (text) =>
            re.test(text)
        )(new RegExp(`(?<![\\p{L}\\p{N}])${term}`, "u"));

  function score(row, query, tests) {
    const title = row.title,
      text = row.text;
    const hits = tests.filter((has) => has(title) || has(text)).length;
    if (hits < Math.ceil(tests.length * 0.75)) return 0;
    const inTitle = tests.filter((has) => has(title)).length;
    const phrase = title.includes(query) ? 40 : text.includes(query) ? 20 : 0;
    return phrase + (10 * hits + 10 * inTitle) / tests.length;
  }

  function search(rows, words) {
    const query = words.toLowerCase().trim().replace(/\s+/g, " "),
      tests = [...new Set(terms(query))].map(finder);
    if (!tests.length) return [];
    return rows
      .map((row) => [score(row, query, tests), row])
      .filter(([s]) => s > 0)
      .sort((a, b) => b[0] - a[0])
      .slice(0, 60)
      .map(([, row]) => row);
  }

  function snippet(row, words) {
    const text = row.plain,
      low = row.text;
    const at =
      [words.toLowerCase().trim(), ...terms(words)].map((t) => low.indexOf(t)).find((i) => i >= 0) ?? 0;
    const from = Math.max(0, at - 50),
      to = at + 130;
    return (from ? "…" : "") + text.slice(from, to).trim() + (to < text.length ? "…" : "");
  }

  function marked(el, text, words) {
    const escaped = [...new Set([words.trim(), ...terms(words)])]
      .filter(Boolean)
      .sort((a, b) => b.length - a.length)
      .map((t) => t.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    for (const [i, part] of text.split(new RegExp(`(${escaped.join("|")})`, "giu")).entries()) {
      if (i % 2) {
        const mark = document.createElement("mark");
        mark.textContent = part;
        el.append(mark);
      } else el.append(part);
    }
    return el;
  }

  function show(rows, words) {
    const found = search(rows, words),
      list = document.getElementById("search-results"),
      count = document.getElementById("search-count");

    count.textContent = !words.trim()
      ? ""
      : found.length
        ? `${found.length} ${count.dataset.some} “${words}”`
        : `${count.dataset.none} “${words}”`;
    list.replaceChildren(
      ...found.map((row) => {
        const item = document.createElement("li"),
          link = document.createElement("a"),
          page = document.createElement("span"),
          p = document.createElement("p");
        link.href = row.url;
        marked(link, row.name, words);
        page.className = "search-page";
        page.textContent = row.name === row.page ? "" : row.page;
        item.append(link, page, marked(p, snippet(row, words), words));
        return item;
      }),
    );
  }

  const core = { pairs, search, terms };
  globalThis.fgSearch = core;
  if (!globalThis.document) return;
  addEventListener("DOMContentLoaded", () => {
    const rows = (globalThis.fgSearchIndex ?? []).map(([url, page, name, text]) => ({
      url,
      page,
      name,
      plain: text,
      title: `${name} ${page}`.toLowerCase(),
      text: text.toLowerCase(),
    }));
    const words = new URLSearchParams(location.search).get("q") ?? "",
      box = /** @type {HTMLInputElement} */ (document.getElementById("search-box"));
    box.value = words;
    show(rows, words);
    box.addEventListener("input", () => show(rows, box.value));
    if (!words) box.focus();
  });
})();
