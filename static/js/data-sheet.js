/* The data sheet: judged while it is typed, saved once however often it is sent, kept as a draft.
   Every judgement comes from the server (settings.judge); nothing is computed here. */
"use strict";

(() => {
  const { Grid, make } = window.ImproveSheet;
  const settings = JSON.parse(document.getElementById("sheet-settings").textContent);
  const { words } = settings;
  const form = document.getElementById("sheet-form");
  const button = document.getElementById("sheet-save");
  const status = document.getElementById("sheet-status");
  const decimal = document.getElementById("sheet-decimal");
  const drawing = document.getElementById("sheet-chart");
  const signals = document.getElementById("sheet-signals");
  const offer = document.getElementById("sheet-draft");
  const WAIT = 200;
  const PATIENCE = 15000;

  let token = form.elements.token.value;
  /* What was sent and not answered for: sent again as it was, so that it is stored once. */
  let pending = null;
  let busy = false;
  let timer = 0;
  let judging = null;

  const say = (text, wrong = false) => {
    status.textContent = text;
    status.classList.toggle("wrong", wrong);
  };
  const counted = ([none, one, many], n) => (n === 0 ? none : (n === 1 ? one : many).replace("{n}", n));
  const grid = new Grid(document.getElementById("sheet-table"), settings, { onChange: changed, say });

  function body(rows, mark) {
    const data = new FormData();
    data.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    data.set("decimal", mark);
    data.set("rows", JSON.stringify(rows));
    return data;
  }

  /* --- While it is typed ---------------------------------------------------------------------- */

  function changed() {
    button.textContent = counted(words.save, grid.count());
    keep();
    window.clearTimeout(timer);
    timer = window.setTimeout(judge, WAIT);
  }

  async function judge() {
    judging?.abort();
    judging = new AbortController();
    try {
      const answer = await fetch(settings.judge, {
        method: "POST",
        body: body(grid.rows(), decimal.value),
        headers: { Accept: "application/json" },
        signal: judging.signal,
      });
      if (!answer.ok) return;
      show(await answer.json());
    } catch (error) {
      if (error.name !== "AbortError" && grid.count()) say(words.offline, true);
    }
  }

  function show(found) {
    grid.show(found.problems);
    if (found.chart) {
      drawing.dispatchEvent(new CustomEvent("improve:chart-data", { detail: found.chart }));
    }
    const lines = found.signals.map((signal) => {
      const line = make("p", `sheet-signal ${signal.kind}`);
      line.append(make("span", "sheet-mark"), make("span", "", signal.text));
      return line;
    });
    if (found.note) lines.push(make("p", "muted", found.note));
    const before = signals.textContent;
    const said = make("div");
    said.append(...lines);
    if (said.textContent !== before) signals.replaceChildren(...said.children);
    const wrong = found.problems.filter((problem) => !problem.warning).length;
    if (wrong) say(counted(words.wrong, wrong), true);
    else if (status.classList.contains("wrong") && !pending) say("");
  }

  /* --- Saving --------------------------------------------------------------------------------- */

  async function save() {
    if (busy) return;
    busy = true;
    say(words.saving);
    grid.commit(document.activeElement);
    pending ??= { token, rows: grid.rows(), decimal: decimal.value };
    keep();
    try {
      await send(pending);
    } finally {
      busy = false;
      grid.lock(pending ? pending.rows.length : 0);
      keep();
    }
  }

  async function send({ token: sent, rows, decimal: mark }) {
    const data = body(rows, mark);
    data.set("token", sent);
    let answer;
    let told = {};
    try {
      answer = await fetch(form.action, {
        method: "POST",
        body: data,
        headers: { Accept: "application/json" },
        signal: AbortSignal.timeout(PATIENCE),
      });
      if ((answer.headers.get("Content-Type") ?? "").includes("json")) told = await answer.json();
    } catch (error) {
      say(error.name === "TimeoutError" ? words.slow : words.offline, true);
      return;
    }
    if (answer.ok && told.token) stored(told, rows.length);
    else if (answer.status === 422 || answer.status === 409) refused(told);
    else say(words.failed, true);
  }

  function stored(told, rows) {
    pending = null;
    token = told.token;
    form.elements.token.value = token;
    grid.drop(rows);
    say(told.message);
    grid.go(0, grid.first);
    judge();
  }

  function refused(told) {
    pending = null;
    if (told.problems) grid.show(told.problems);
    say(told.message || words.failed, true);
    form.querySelector("[aria-invalid=true]")?.focus();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    if (event.key !== "s" && !(event.key === "Enter" && form.contains(event.target))) return;
    event.preventDefault();
    save();
  });
  decimal.addEventListener("change", changed);

  /* --- The draft ------------------------------------------------------------------------------ */

  function keep() {
    try {
      const rows = grid.rows();
      if (!rows.length && !pending) localStorage.removeItem(settings.draft);
      else localStorage.setItem(settings.draft, JSON.stringify({ token, rows, decimal: decimal.value, pending }));
    } catch {
      /* A browser that keeps nothing: the sheet works without its draft. */
    }
  }

  function draft() {
    try {
      return JSON.parse(localStorage.getItem(settings.draft));
    } catch {
      return null;
    }
  }

  function restore(kept) {
    offer.hidden = true;
    token = kept.token;
    form.elements.token.value = token;
    decimal.value = kept.decimal;
    pending = kept.pending;
    grid.fill(kept.rows);
    if (pending) grid.lock(pending.rows.length);
    say(words.restored);
    grid.go(grid.rows().length, grid.first);
  }

  function offerDraft(kept) {
    const n = kept.rows.reduce(
      (sum, row) => sum + settings.columns.filter(({ key, counted: is }) => is && row[key]?.trim()).length,
      0,
    );
    const back = make("button", "btn btn-secondary btn-sm", words.put_back);
    const away = make("button", "btn btn-text btn-sm", words.discard);
    back.type = "button";
    away.type = "button";
    back.addEventListener("click", () => restore(kept));
    away.addEventListener("click", () => {
      localStorage.removeItem(settings.draft);
      offer.hidden = true;
      grid.go(0, grid.first);
    });
    offer.replaceChildren(make("span", "", words.draft.replace("{n}", n)), back, away);
    offer.hidden = false;
  }

  const kept = draft();
  if (kept?.rows?.length && !grid.rows().length) offerDraft(kept);
  button.textContent = counted(words.save, grid.count());
  if (!window.location.hash) grid.go(0, grid.first);
  if (!grid.rows().length || !form.querySelector("[aria-invalid]")) judge();
})();
