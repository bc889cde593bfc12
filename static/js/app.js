/* What every page needs: keys, menus, dialogs, toasts, the phone bar. Pages work without it. */
"use strict";

(() => {
  const typing = (element) => element?.closest("input, textarea, select, [contenteditable]");

  /* --- Search: "/" puts the cursor there; on phones the magnifier opens it ------------------ */

  const openSearch = () => {
    const form = document.getElementById("search");
    if (!form) return;
    form.classList.add("open");
    document.querySelector("[data-search]")?.setAttribute("aria-expanded", "true");
    form.querySelector("input").focus();
  };

  document.addEventListener("keydown", (event) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === "/" && plain && !typing(event.target)) {
      event.preventDefault();
      openSearch();
    }
    if (event.key === "Escape") closeMenus(null, true);
  });

  document.addEventListener("focusout", (event) => {
    const form = event.target.closest?.(".search.open");
    if (!form || form.contains(event.relatedTarget)) return;
    form.classList.remove("open");
    document.querySelector("[data-search]")?.setAttribute("aria-expanded", "false");
  });

  /* --- Menus (details): close on Escape and on a click beside ------------------------------- */

  function closeMenus(except, focus) {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (menu === except || menu.contains(except)) continue;
      menu.open = false;
      if (focus) menu.querySelector("summary").focus();
    }
  }

  /* A menu that would leave the screen opens towards the other side. */
  document.addEventListener(
    "toggle",
    (event) => {
      const panel = event.target.matches("details.menu[open]") && event.target.querySelector(".menu-panel");
      if (!panel) return;
      panel.classList.remove("flip");
      const { left, right } = panel.getBoundingClientRect();
      panel.classList.toggle("flip", left < 0 || right > document.documentElement.clientWidth);
    },
    true,
  );

  /* --- Clicks ------------------------------------------------------------------------------- */

  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest("details.menu"), false);
    if (event.target.closest("[data-search]")) openSearch();

    const opener = event.target.closest("[data-dialog]");
    if (opener) {
      closeMenus(null, false);
      document.getElementById(opener.dataset.dialog)?.showModal();
    }

    event.target.closest("[data-close]")?.closest("[data-toast]")?.remove();
  });

  /* --- Tips: the native popover, placed under its button ------------------------------------ */

  document.addEventListener(
    "toggle",
    (event) => {
      const text = event.target;
      if (event.newState !== "open" || !text.classList.contains("tip-text")) return;
      const button = document.querySelector(`[popovertarget="${text.id}"]`).getBoundingClientRect();
      const room = document.documentElement.clientWidth - text.offsetWidth - 8;
      text.style.left = `${Math.max(8, Math.min(button.left, room))}px`;
      text.style.top = `${button.bottom + 6}px`;
    },
    true,
  );

  /* --- Toasts: 6 s, longer while the pointer or the cursor is on them ----------------------- */

  const startToast = (toast) => {
    if (toast.dataset.started) return;
    toast.dataset.started = "yes";
    let timer = 0;
    const wait = () => {
      timer = window.setTimeout(() => toast.remove(), 6000);
    };
    const hold = () => window.clearTimeout(timer);
    toast.addEventListener("pointerenter", hold);
    toast.addEventListener("pointerleave", wait);
    toast.addEventListener("focusin", hold);
    toast.addEventListener("focusout", wait);
    wait();
  };

  /* --- Phone bar "Decide": gone once its form is on screen ---------------------------------- */

  const watchBar = (bar) => {
    const target = document.getElementById(bar.dataset.target);
    if (!target || bar.dataset.started) return;
    bar.dataset.started = "yes";
    new IntersectionObserver(([entry]) => {
      bar.classList.toggle("reached", entry.isIntersecting || entry.boundingClientRect.top < 0);
    }).observe(target);
  };

  /* --- A table that scrolls in its box can be scrolled with the keyboard -------------------- */

  const boxes = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const box = target.closest(".table-box");
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    }
  });

  const watchTables = () => {
    document.querySelectorAll(".table-box, .table-box > table").forEach((part) => boxes.observe(part));
  };

  /* --- Start, and again for what htmx brings in --------------------------------------------- */

  const start = () => {
    document.querySelectorAll("[data-toast]").forEach(startToast);
    document.querySelectorAll(".decide-bar").forEach(watchBar);
    watchTables();
    document.querySelector("[data-focus]")?.focus();
  };

  document.addEventListener("htmx:after:swap", () => {
    document.querySelectorAll("[data-toast]").forEach(startToast);
    watchTables();
    document.dispatchEvent(new CustomEvent("improve:content"));
  });
  start();
})();
