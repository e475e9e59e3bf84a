// Before anything is painted: light or dark, as chosen here or as the system says.
(() => {
  const root = document.documentElement,
    system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return localStorage.getItem("fg-theme");
    } catch {
      return null;
    }
  };
  const apply = () => {
    root.dataset.theme = chosen() || (system.matches ? "dark" : "light");
  };
  root.classList.add("js");
  if (location.protocol !== "file:") {
    // there a preloaded font would be refused, and fetched again
    for (const name of ["source-serif-4", "inter"]) {
      const link = Object.assign(document.createElement("link"), {
        rel: "preload",
        as: "font",
        type: "font/woff2",
        crossOrigin: "",
      });
      link.href = `${root.dataset.assets}fonts/${name}.woff2`;
      document.head.append(link);
    }
  }
  apply();
  system.addEventListener("change", apply);
  addEventListener("beforeprint", () => {
    root.dataset.theme = "light";
  }); // paper is white
  addEventListener("afterprint", apply);
})();
