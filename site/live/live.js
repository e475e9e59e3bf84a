// Starts the explorables of a static page. A classic script: it also works in a page opened from disk.
// Each <div class="fg-live" data-widget="name"> holds its state as JSON; the bundle of that name has put
// itself into globalThis.firstgradWidgets.
(() => {
  const chinese = document.documentElement.lang.startsWith("zh");
  const MESSAGES = chinese
    ? {
        state: "这个交互图保存的状态已损坏，无法启动。请重新载入页面；如果仍然这样，请重新运行笔记本并保存。",
        bundle: "这个交互图的程序没有载入。请检查网络并重新载入页面。",
        render: "这个交互图启动时出错。请重新载入页面。",
        reload: "重新载入",
      }
    : {
        state:
          "This explorable’s saved state is damaged, so it cannot start. Reload the page; if that does not help, run its notebook again and save it.",
        bundle: "This explorable’s program did not load. Check the connection and reload the page.",
        render: "This explorable met an error while starting. Reload the page.",
        reload: "Reload",
      };

  // The part of anywidget's model that explorables use. Without a kernel nothing is sent anywhere.
  class Model {
    constructor(traits, models) {
      this.traits = { ...traits };
      this.models = models;
      this.handlers = new Map();
    }
    /** The bytes of a trained model: the page names its file. */
    load(name) {
      return this.models[name]
        ? fetched(name, this.models[name])
        : Promise.reject(new Error(`the page has no model ${name}`));
    }
    get(name) {
      return this.traits[name];
    }
    set(name, value) {
      const changes = typeof name === "object" ? name : { [name]: value };
      let any = false;
      for (const [key, next] of Object.entries(changes)) {
        if (Object.is(this.traits[key], next)) continue;
        this.traits[key] = next;
        any = true;
        this.emit(`change:${key}`, next);
      }
      if (any) this.emit("change");
    }
    save_changes() {}
    send() {}
    on(names, handler) {
      for (const name of names.split(/\s+/)) {
        if (!this.handlers.has(name)) this.handlers.set(name, new Set());
        this.handlers.get(name).add(handler);
      }
    }
    off(names, handler) {
      if (!names) {
        this.handlers.clear();
        return;
      }
      for (const name of names.split(/\s+/)) {
        if (handler) this.handlers.get(name)?.delete(handler);
        else this.handlers.delete(name);
      }
    }
    emit(name, ...values) {
      for (const handler of [...(this.handlers.get(name) ?? [])]) handler(this, ...values);
    }
  }

  // A trained model comes as a script that puts base64 into globalThis.firstgradModels: fetch is dead in a page from disk.
  const coming = new Map(); // name → promise; one that failed is asked for again
  function fetched(name, source) {
    if (!coming.has(name)) {
      const arrived = new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = source;
        script.onload = () => resolve(bytes(globalThis.firstgradModels[name]));
        script.onerror = () => {
          script.remove();
          reject(new Error(`${source} did not load`));
        };
        document.head.append(script);
      });
      coming.set(name, arrived);
      arrived.catch(() => coming.delete(name));
    }
    return coming.get(name);
  }
  const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer;

  function fail(el, kind, error) {
    el.dataset.live = "failed";
    const box = document.createElement("div"),
      text = document.createElement("p"),
      button = document.createElement("button");
    box.className = "fg-failure";
    box.setAttribute("role", "alert");
    text.textContent = MESSAGES[kind];
    button.type = "button";
    button.textContent = MESSAGES.reload;
    button.addEventListener("click", () => location.reload());
    box.append(text, button);
    el.replaceChildren(box);
    if (error) console.error(`explorable ${el.dataset.widget}:`, error);
  }

  function traits(el) {
    const state = JSON.parse(el.querySelector('script[type="application/json"]').textContent);
    if (!state || typeof state.traits !== "object" || state.traits === null) throw new Error("no traits");
    return state.traits;
  }

  function start(el) {
    if (el.dataset.live) return;
    el.dataset.live = "starting";
    let model;
    try {
      model = new Model({ ...traits(el), kernel: false }, JSON.parse(el.dataset.models ?? "{}"));
    } catch (error) {
      fail(el, "state", error);
      return;
    }
    const widget = globalThis.firstgradWidgets?.[el.dataset.widget]?.default;
    if (!widget?.render) {
      fail(el, "bundle");
      return;
    }
    const room = el.querySelector(".fg-room"),
      host = document.createElement("div");
    const done = () => {
      if (el.dataset.live === "starting") el.dataset.live = "yes";
    };
    const failed = (error) => fail(el, "render", error);
    room.append(host);
    try {
      Promise.resolve(widget.render({ model, el: host, experimental: {} })).then(done, failed);
    } catch (error) {
      failed(error);
    }
  }

  // Near the view, one after another, so that the first is alive early; before printing, all of them.
  const waiting = document.querySelectorAll(".fg-live[data-widget]:not([data-live])");
  if (!("IntersectionObserver" in globalThis)) {
    waiting.forEach(start);
    return;
  }
  const watch = new IntersectionObserver(
    (entries) => {
      for (const entry of entries)
        if (entry.isIntersecting) {
          watch.unobserve(entry.target);
          start(entry.target);
        }
    },
    { rootMargin: "600px 0px" },
  );
  waiting.forEach((el) => {
    const box = el.getBoundingClientRect(); // what is in view starts now: the observer would wait for the formulas
    if (box.top < innerHeight && box.bottom > 0) start(el);
    else watch.observe(el);
  });
  addEventListener("beforeprint", () => waiting.forEach(start));
})();
