/* Sets data-bs-theme before the first paint. The page says data-theme="auto|light|dark", or where
   the <html> is not ours a <meta name="improve-theme">: the person's setting; "auto" follows the
   device. Paper is light. */
"use strict";

(() => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  const show = (theme) => {
    if (root.dataset.bsTheme === theme) return;
    root.dataset.bsTheme = theme;
    document.dispatchEvent(new CustomEvent("improve:theme"));
  };

  const apply = () => {
    const said = document.querySelector("meta[name=improve-theme]");
    const choice = root.dataset.theme || said?.content || "auto";
    show(choice === "auto" ? (dark.matches ? "dark" : "light") : choice);
  };

  dark.addEventListener("change", apply);
  window.addEventListener("beforeprint", () => show("light"));
  window.addEventListener("afterprint", apply);
  apply();
})();
