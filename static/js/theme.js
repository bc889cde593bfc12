/* Sets data-bs-theme before the first paint. The page says data-theme="auto|light|dark" (the
   person's setting); a choice made in the menu is kept on this device and goes before it. */
"use strict";

(() => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  const stored = () => {
    try {
      return window.localStorage.getItem("theme");
    } catch {
      return null;
    }
  };

  const wanted = () => stored() || root.dataset.theme || "auto";

  const show = (theme) => {
    if (root.dataset.bsTheme === theme) return;
    root.dataset.bsTheme = theme;
    document.dispatchEvent(new CustomEvent("improve:theme"));
  };

  const apply = () => {
    const choice = wanted();
    show(choice === "auto" ? (dark.matches ? "dark" : "light") : choice);
  };

  const choose = (choice) => {
    try {
      if (choice) window.localStorage.setItem("theme", choice);
      else window.localStorage.removeItem("theme");
    } catch {
      root.dataset.theme = choice || root.dataset.theme;
    }
    apply();
  };

  window.improveTheme = { wanted, choose };
  dark.addEventListener("change", apply);
  window.addEventListener("beforeprint", () => show("light"));
  window.addEventListener("afterprint", apply);
  apply();
})();
