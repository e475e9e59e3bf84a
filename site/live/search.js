// Search over the sections of one edition. Both sides are folded: full width, case, hyphens, British and American
// spelling, Greek letters and traditional characters make no difference. Words of zh/terms.yml are found by every
// name they have, and lead to the place where the term is introduced. Other Latin words match by their beginning,
// Chinese by pairs of characters.
(() => {
  const HAN = "\\u3400-\\u9fff\\uf900-\\ufaff",
    han = new RegExp(`[${HAN}]`),
    // Hyphens inside words, the u of colour, the second l of labelled.
    DROPPED = /(?<=\p{L})[-\u2010-\u2015\u00ad](?=\p{L})|(?<=[a-z]{3}o)u(?=r)|(?<=[a-z]{3}l)l(?=ed|ing)/gu,
    GREEK =
      "αalpha βbeta γgamma δdelta εepsilon ηeta θtheta κkappa λlambda μmu πpi ρrho σsigma τtau φphi ωomega",
    // What a question is made of: it finds nothing by itself.
    STOPS =
      /怎么办|怎么样|什么是|是什么|有什么|应该|不够|的|了|吗|呢|(?<![社机不])会|\b(the|an?|of|is|do|does|i|to|in|for|what|my)\b/gu,
    // Questions that titles ask as well: [in the query, in the title].
    INTENTS = [
      [/怎么|如何|怎样|\bhow\b/gu, /怎么|如何|怎样|\bhow\b/u],
      [/选择|选|寻找|找|\b(choose|select|pick|find)\b/gu, /选|找|\b(choos|find)/u],
      [/为什么|为何|\bwhy\b/gu, /为什么|\bwhy\b/u],
    ];

  /** One character in the form that is compared: "Ａ" a, "學" 学, "λ" lambda. */
  const folded = new Map();
  for (const name of GREEK.split(" ")) folded.set(name[0], name.slice(1));
  const learn = (pairs) => {
    for (let i = 0; i < pairs.length; i += 2) folded.set(pairs[i], pairs[i + 1]);
  };
  function foldOne(char) {
    if (!folded.has(char)) {
      const plain = char.normalize("NFKC").toLowerCase();
      folded.set(char, [...plain].map((c) => (c === char ? c : foldOne(c))).join(""));
    }
    return folded.get(char);
  }

  const spell = (text) => text.toLowerCase().replace(/(?<=[a-z][iy])z/g, "s"); // regularize, analyze
  const fold = (text) =>
    spell(text)
      .replace(DROPPED, "")
      .replace(/[^a-z0-9\s]/gu, foldOne);

  /** The folded text, and where each of its characters stands in the original. */
  function foldWithPlaces(text) {
    const low = spell(text),
      dropped = new Set([...low.matchAll(DROPPED)].map((m) => m.index)),
      at = [];
    let out = "";
    for (let i = 0; i < low.length; i++) {
      const add = dropped.has(i) ? "" : foldOne(low[i]);
      for (let n = 0; n < add.length; n++) at.push(i);
      out += add;
    }
    return { text: out, at };
  }

  const words = (text) => text.match(new RegExp(`[${HAN}]+|(?:(?![${HAN}])[\\p{L}\\p{N}])+`, "gu")) ?? [];
  const pairs = (run) => (run.length < 2 ? [run] : [...run].slice(1).map((_, i) => run.slice(i, i + 2)));
  const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const BEFORE = `(?<!(?![${HAN}])[\\p{L}\\p{N}])`;

  /** What finds a word, a pair of characters or a name of several words, as the source of a pattern. */
  function pattern(name) {
    const parts = words(name).map(literal);
    return (han.test(name[0]) ? "" : BEFORE) + parts.join("[\\s_-]?");
  }

  // --- names of terms ---------------------------------------------------------------------------------

  /** Every name of every term, without spaces, to its term. */
  function byName(terms) {
    const names = new Map();
    for (const [url, ...all] of terms) {
      const term = { url, names: all.slice(0, 2).map((name) => fold(name)) };
      for (const name of all) names.set(words(fold(name)).join(""), term);
    }
    return names;
  }

  const lookUp = (names, piece) =>
    names.get(piece) ?? names.get(piece.replace(/s$/, "")) ?? names.get(`${piece}s`);

  /** Cuts a query into names of terms and the words between them, the longest name first. */
  function cut(query, names) {
    const parts = words(query),
      whole = parts.join(""),
      edges = new Set([0]),
      found = [];
    for (let i = 1; i <= parts.length; i++) edges.add(parts.slice(0, i).join("").length);
    const edge = (i) => edges.has(i) || han.test(whole[i - 1]) || han.test(whole[i]);
    let loose = "";
    const put = () => {
      if (loose) found.push(...words(loose).map((text) => ({ text })));
      loose = "";
    };
    for (let i = 0; i < whole.length; ) {
      const [text, term] = edge(i) ? longest(whole, i, edge, names) : [];
      if (term) put();
      if (term) found.push({ text, term });
      else loose += (edges.has(i) ? " " : "") + whole[i];
      i += term ? text.length : 1;
    }
    put();
    return found;
  }

  function longest(whole, from, edge, names) {
    for (let to = Math.min(whole.length, from + 60); to > from; to--) {
      const piece = whole.slice(from, to),
        single = piece.length === 1 && piece !== whole; // 门, 层: a name only when it is all that is asked
      const term = edge(to) && !single && lookUp(names, piece);
      if (term) return [piece, term];
    }
    return [];
  }

  // --- typing errors ----------------------------------------------------------------------------------

  /** One letter more, less, other, or two exchanged. */
  function near(a, b) {
    if (Math.abs(a.length - b.length) > 1 || a === b) return false;
    let i = 0;
    while (a[i] === b[i] && i < a.length) i++;
    const rest = (from, to) => a.slice(i + from) === b.slice(i + to);
    return rest(1, 1) || rest(1, 0) || rest(0, 1) || (a[i] === b[i + 1] && a[i + 1] === b[i] && rest(2, 2));
  }

  /** A long Latin word that begins no word of the book becomes its commonest neighbour. */
  function mended(query, index) {
    return query.replace(/[a-z]{5,}/g, (word) => {
      if ([...index.words.keys()].some((known) => known.startsWith(word))) return word;
      const close = [...index.words].filter(([known]) => near(word, known)).sort((a, b) => b[1] - a[1]);
      return close[0]?.[0] ?? word;
    });
  }

  // --- the order --------------------------------------------------------------------------------------

  /** A query as tests; `index` comes from `prepare`. */
  function read(text, index) {
    const typed = fold(text).trim().replace(/\s+/g, " "),
      intents = INTENTS.filter(([asked]) => typed.search(asked) >= 0).map(([, answered]) => answered);
    let names = cut(mended(typed, index), index.names);
    const whole = names.length === 1 && names[0].term;
    if (!whole) {
      const bare = INTENTS.reduce((left, [asked]) => left.replace(asked, " "), typed).replace(STOPS, " ");
      const han = bare.replace(new RegExp(`(?<=[${HAN}]) +(?=[${HAN}])`, "gu"), "");
      if (han.trim()) names = cut(mended(han, index), index.names);
    }
    const sources = names.flatMap(({ text, term }) =>
      term
        ? [[...new Set([text, ...term.names])].map(pattern).join("|")]
        : (han.test(text) ? pairs(text) : [text]).map(pattern),
    );
    return {
      typed,
      intents: whole ? [] : intents,
      terms: names.map((n) => n.term).filter(Boolean),
      only: names.length === 1 && names[0].term,
      tests: [...new Set(sources)].map((source) => new RegExp(source, "u")),
    };
  }

  /** 0 when fewer than this share of the query's words is in the row. */
  function score(row, query, share) {
    const { tests, typed, intents, only } = query,
      place = query.terms.some((term) => term.url === row.url),
      hits = tests.filter((re) => re.test(row.title) || re.test(row.text)).length;
    if (!place && hits < Math.ceil(tests.length * share)) return 0;
    const inName = tests.filter((re) => re.test(row.head)).length,
      inTitle = tests.filter((re) => re.test(row.title)).length,
      phrase = row.head.includes(typed) ? 30 : row.text.includes(typed) ? 15 : 0,
      answers = inName ? intents.filter((re) => re.test(row.head)).length : 0,
      introduced = place ? (only && !intents.length ? 80 : 30) : 0;
    const points =
      phrase + introduced + 30 * answers + (10 * hits + 15 * inName + 5 * inTitle) / tests.length;
    return /27_errata/.test(row.url) && !place && !/^e\d/.test(typed) ? points / 4 : points;
  }

  /** Rows as they are compared, their words, and the names of the terms. */
  function prepare(rows, table = { terms: [], traditional: "" }) {
    learn(table.traditional);
    const ready = rows.map(
      ({ url = "", page = "", name = "", title = `${name} ${page}`, text, ...rest }) => ({
        ...rest,
        url,
        page,
        name,
        plain: text,
        head: fold(name || title),
        title: fold(title),
        text: fold(text),
      }),
    );
    const known = new Map();
    const count = (text) => {
      for (const word of text.match(/[a-z]{4,}/g) ?? []) known.set(word, (known.get(word) ?? 0) + 1);
    };
    for (const row of ready) count(`${row.title} ${row.text}`);
    for (const [, ...names] of table.terms) count(fold(names.join(" ")));
    return { rows: ready, words: known, names: byName(table.terms) };
  }

  function search(index, text) {
    const query = read(text, index);
    if (!query.tests.length) return [];
    const found = (share) => index.rows.map((row) => [score(row, query, share), row]).filter(([s]) => s > 0),
      most = found(0.75);
    return (most.length ? most : found(0.5))
      .sort((a, b) => b[0] - a[0])
      .slice(0, 60)
      .map(([, row]) => row);
  }

  // --- what is shown ----------------------------------------------------------------------------------

  /** [from, to) of every place in `plain` that the query found. */
  function places(plain, query) {
    const { text, at } = foldWithPlaces(plain),
      source = query.tests.map((re) => re.source).join("|");
    return [...text.matchAll(new RegExp(source, "gu"))]
      .filter((m) => m[0])
      .map((m) => [at[m.index], at[m.index + m[0].length - 1] + 1]);
  }

  function snippet(row, query) {
    const at = places(row.plain, query)[0]?.[0] ?? 0,
      from = Math.max(0, at - 50),
      to = at + 130;
    return (from ? "…" : "") + row.plain.slice(from, to).trim() + (to < row.plain.length ? "…" : "");
  }

  function marked(el, text, query) {
    let end = 0;
    for (const [from, to] of places(text, query)) {
      if (from < end) continue;
      const mark = document.createElement("mark");
      mark.textContent = text.slice(from, to);
      el.append(text.slice(end, from), mark);
      end = to;
    }
    el.append(text.slice(end));
    return el;
  }

  function item(row, query) {
    const line = document.createElement("li"),
      link = document.createElement("a"),
      page = document.createElement("span");
    link.href = row.url;
    marked(link, row.name, query);
    page.className = "search-page";
    page.textContent = row.name === row.page ? "" : row.page;
    line.append(link, page, marked(document.createElement("p"), snippet(row, query), query));
    return line;
  }

  function show(index, text) {
    const found = search(index, text),
      query = read(text, index),
      count = document.getElementById("search-count");
    const said = found.length ? count.dataset.some : count.dataset.none;
    count.textContent = text.trim()
      ? said.replace("{n}", String(found.length)).replace("{words}", () => text.trim())
      : "";
    document.getElementById("search-results").replaceChildren(...found.map((row) => item(row, query)));
  }

  globalThis.fgSearch = { fold, near, pairs, prepare, search };
  if (!globalThis.document) return;
  addEventListener("DOMContentLoaded", () => {
    const rows = (globalThis.fgSearchIndex ?? []).map(([url, page, name, text]) => ({
        url,
        page,
        name,
        text,
      })),
      index = prepare(rows, globalThis.fgSearchTerms),
      asked = new URLSearchParams(location.search).get("q") ?? "",
      box = /** @type {HTMLInputElement} */ (document.getElementById("search-box"));
    box.value = asked;
    show(index, asked);
    // While pinyin is composed the box holds Latin letters that nobody asked for.
    box.addEventListener("input", (event) => {
      if (!(/** @type {InputEvent} */ (event).isComposing)) show(index, box.value);
    });
    box.addEventListener("compositionend", () => show(index, box.value));
    if (!asked) box.focus();
  });
})();
