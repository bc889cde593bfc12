/* Sets data-bs-theme before the first paint. The page says data-theme="auto|light|dark": the
   person's setting; "auto" follows the device. */
"use strict";

(() => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  const apply = () => {
    const choice = root.dataset.theme || "auto";
    const theme = choice === "auto" ? (dark.matches ? "dark" : "light") : choice;
    if (root.dataset.bsTheme !== theme) {
      root.dataset.bsTheme = theme;
      document.dispatchEvent(new CustomEvent("improve:theme"));
    }
  };

  dark.addEventListener("change", apply);
  apply();
})();
