/* A long list of choices that a word narrows: `data-narrow` holds a search field and checkboxes.
   What is chosen stays in sight. Without this script the whole list is there to scroll. */
"use strict";

const FEW = 8;

const plain = (text) => text.normalize("NFKC").toLocaleLowerCase();

for (const box of document.querySelectorAll("[data-narrow]")) {
  const rows = [...box.querySelectorAll(".check")];
  if (rows.length > FEW) start(box, rows);
}

function start(box, rows) {
  const search = box.querySelector("input[type=search]");
  const state = box.querySelector("[role=status]");
  const texts = new Map(rows.map((row) => [row, plain(row.textContent)]));
  const chosen = (row) => row.querySelector("input").checked;

  const say = () => {
    const counts = {
      shown: rows.filter((row) => !row.hidden).length,
      all: rows.length,
      chosen: rows.filter(chosen).length,
    };
    state.textContent = box.dataset.narrow.replace(/\{(\w+)\}/g, (_all, name) => counts[name]);
  };

  search.closest("[hidden]").hidden = false;
  search.addEventListener("input", () => {
    const words = plain(search.value).split(/\s+/).filter(Boolean);
    for (const row of rows) {
      row.hidden = !chosen(row) && !words.every((word) => texts.get(row).includes(word));
    }
    say();
  });
  search.addEventListener("keydown", (event) => {
    // Return looks for something; it does not send the form.
    if (event.key === "Enter") event.preventDefault();
  });
  box.addEventListener("change", say);
  say();
}
