// What the page does beyond being read: colours, menu, copying, the language switch. Everything works without it
// except the buttons that it makes visible itself.
(() => {
  const root = document.documentElement;
  /** @returns {any} @param {string} s @param {ParentNode} [from] */
  const $ = (s, from = document) => from.querySelector(s);
  /** @returns {any[]} @param {string} s @param {ParentNode} [from] */
  const $$ = (s, from = document) => [...from.querySelectorAll(s)];
  const text = JSON.parse($("#fg-texts").textContent);
  const store = {
    get(key) {
      try {
        return localStorage.getItem(key);
      } catch {
        return null;
      }
    },
    set(key, value) {
      try {
        if (value === null) localStorage.removeItem(key);
        else localStorage.setItem(key, value);
      } catch {
        /* private mode */
      }
    },
  };

  // Colours: the choice is forgotten when it says what the system says anyway.
  function colours() {
    const theme = $("[data-theme-switch]"),
      system = matchMedia("(prefers-color-scheme: dark)");
    const label = () => {
      const words = root.dataset.theme === "dark" ? text.theme_light : text.theme_dark;
      theme.title = $(".hidden", theme).textContent = words;
    };
    theme.hidden = false;
    theme.addEventListener("click", () => {
      const next = root.dataset.theme === "dark" ? "light" : "dark";
      store.set("fg-theme", (next === "dark") === system.matches ? null : next);
      root.dataset.theme = next;
      label();
    });
    system.addEventListener("change", label);
    label();
  }

  // The contents on small screens: a link to them without script, a drawer with it.
  function drawer() {
    const menu = $("[data-menu]"),
      contents = $("#contents");
    if (!menu || !contents) return;
    menu.setAttribute("role", "button");
    menu.setAttribute("aria-controls", "contents");
    const open = (yes) => {
      root.classList.toggle("menu-open", yes);
      menu.setAttribute("aria-expanded", String(yes));
      if (yes) ($("[aria-current]", contents) ?? $("a", contents)).focus();
    };
    open(false);
    menu.addEventListener("click", (event) => {
      event.preventDefault();
      open(!root.classList.contains("menu-open"));
    });
    menu.addEventListener("keydown", (event) => {
      if (event.key === " ") {
        event.preventDefault();
        menu.click();
      }
    });
    $("[data-menu-close]").addEventListener("click", (event) => {
      event.preventDefault();
      open(false);
      menu.focus();
    });
    addEventListener("keydown", (event) => {
      if (event.key === "Escape" && root.classList.contains("menu-open")) {
        open(false);
        menu.focus();
      }
    });
    document.addEventListener("click", (event) => {
      const inside = event.target instanceof Element && event.target.closest("#contents, [data-menu]");
      if (root.classList.contains("menu-open") && !inside) open(false);
    });
  }

  // The same place in the other language: sections have the same anchors there.
  function language() {
    const place = () => {
      const top = (el) => el.getBoundingClientRect().top,
        aimed = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      if (aimed && top(aimed) > -innerHeight / 2 && top(aimed) < innerHeight / 2) return location.hash;
      const above = $$("main section[id]").filter((s) => top(s) < 120); // just below the header
      return scrollY > 200 && above.length ? `#${encodeURIComponent(above.at(-1).id)}` : "";
    };
    for (const link of $$("[data-switch]")) {
      const plain = link.getAttribute("href");
      const aim = () => {
        link.href = plain + (place() || location.hash);
      };
      for (const when of ["pointerdown", "focus", "mouseenter"]) link.addEventListener(when, aim);
      link.addEventListener("click", () => {
        aim();
        store.set("fg-offer", "done");
      });
    }
  }

  // A reader who prefers the other language is offered it, once, and never sent there.
  function offer() {
    const box = $("[data-offer]");
    if (!box || store.get("fg-offer")) return;
    const wanted = (navigator.languages ?? [navigator.language])
      .map((l) => l.toLowerCase().slice(0, 2))
      .find((l) => l === "zh" || l === "en");
    box.hidden = wanted !== box.dataset.offer;
    $("[data-dismiss]", box).addEventListener("click", () => {
      box.hidden = true;
      store.set("fg-offer", "done");
    });
  }

  // Code: a button to copy it, without prompts and without what is not code.
  function copying() {
    for (const pre of $$(".highlight > pre")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = text.copy;
      button.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(pre.textContent.replace(/\n$/, ""));
        } catch {
          const range = document.createRange(); // no clipboard from disk in some browsers: select it instead
          range.selectNodeContents(pre);
          getSelection().removeAllRanges();
          getSelection().addRange(range);
          return;
        }
        button.textContent = text.copied;
        setTimeout(() => {
          button.textContent = text.copy;
        }, 1500);
      });
      pre.parentElement.append(button);
    }
  }

  // What scrolls sideways can be reached by keyboard. A long formula in a line scrolls by itself.
  // All is measured before anything is written: the page is laid out twice, not once for each.
  function scrolling() {
    const scrolls = (list) => {
      const wide = list.map((el) => el.scrollWidth > el.clientWidth + 1);
      list.forEach((el, i) => {
        if (wide[i]) el.tabIndex = 0;
        else el.removeAttribute("tabindex");
      });
    };
    const fit = () => {
      const inline = $$("span.math");
      inline.forEach((el) => el.classList.remove("math-wide"));
      const wide = inline.map(
        (el) => el.getBoundingClientRect().width > el.closest("p, li, td, dd, figcaption, div").clientWidth,
      );
      inline.forEach((el, i) => el.classList.toggle("math-wide", wide[i]));
      scrolls($$("pre, .table-wide, .formula, span.math"));
    };
    addEventListener("load", fit);
    addEventListener("resize", fit);
  }

  // A browser that does not know MathML sets the signs of a formula one after the other, and a wrong formula is
  // worse than none. Asked after loading, when the page has its layout.
  function formulas() {
    const math = $("main math");
    if (!math) return;
    addEventListener("load", () => {
      const probe = document.createElement("div");
      probe.innerHTML = '<math><mspace width="50px" height="10px"></mspace></math>';
      probe.style.cssText = "position:absolute;visibility:hidden";
      document.body.append(probe);
      const drawn = $("mspace", probe).getBoundingClientRect().width > 40;
      probe.remove();
      if (drawn) return;
      const notice = document.createElement("p");
      notice.className = "old-browser";
      notice.setAttribute("role", "status");
      notice.textContent = text.old_browser;
      $("article").prepend(notice);
    });
  }

  // Where the reader is, in the list of this page's headings.
  function headings() {
    const links = new Map($$(".on-page a[href^='#']").map((a) => [decodeURIComponent(a.hash.slice(1)), a]));
    if (!links.size || !("IntersectionObserver" in globalThis)) return;
    const seen = new Set(),
      sections = $$("main section[id]").filter((s) => links.has(s.id));
    const watch = new IntersectionObserver(
      (entries) => {
        for (const e of entries)
          if (e.isIntersecting) seen.add(e.target);
          else seen.delete(e.target);
        const now = sections.filter((s) => seen.has(s)).at(-1) ?? null;
        for (const [id, link] of links) link.classList.toggle("here", id === now?.id);
      },
      { rootMargin: "-20% 0px -70%" },
    );
    sections.forEach((s) => watch.observe(s));
  }

  for (const part of [colours, drawer, language, offer, copying, scrolling, formulas, headings]) part();
})();
