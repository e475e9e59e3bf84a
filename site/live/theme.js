// Before anything is painted: light or dark, as chosen here or as the system says.
(() => {
  const root = document.documentElement, system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => { try { return localStorage.getItem("fg-theme"); } catch { return null; } };
  const apply = () => { root.dataset.theme = chosen() || (system.matches ? "dark" : "light"); };
  root.classList.add("js");
  apply();
  system.addEventListener("change", apply);
})();
