/* The cells of the data sheet: moving, pasting, taking back, and what is wrong with a cell.
   Knows nothing of saving or judging: it calls onChange after every change. */
"use strict";

window.ImproveSheet = (() => {
  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text) element.textContent = text;
    return element;
  };

  /* "2026-11-23 14:05:09" in a zone; with its offset in the hour that the clock shows twice. */
  const clock = (zone, moment = new Date()) => {
    const written = (at) =>
      new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" }).format(at);
    const text = written(moment);
    const hour = 3600 * 1000;
    const twice = [-hour, hour].some((shift) => written(new Date(moment.getTime() + shift)) === text);
    if (!twice) return text;
    const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(moment);
    const offset = parts.find((part) => part.type === "timeZoneName").value.replace("GMT", "");
    return `${text} ${offset || "+00:00"}`;
  };

  /* A block as spreadsheets put it on the clipboard: tabs between cells, quotes around line breaks. */
  const cellsOf = (text) => {
    const rows = [[""]];
    let quoted = false;
    for (let i = 0; i < text.length; i += 1) {
      const sign = text[i];
      const row = rows[rows.length - 1];
      const cell = row[row.length - 1];
      if (quoted) {
        if (sign === '"' && text[i + 1] === '"') {
          row[row.length - 1] += '"';
          i += 1;
        } else if (sign === '"') quoted = false;
        else row[row.length - 1] += sign;
      } else if (sign === '"' && cell === "") quoted = true;
      else if (sign === "\t") row.push("");
      else if (sign === "\n") rows.push([""]);
      else if (sign !== "\r") row[row.length - 1] += sign;
    }
    if (rows[rows.length - 1].every((cell) => cell === "")) rows.pop();
    return rows;
  };

  class Grid {
    constructor(table, settings, { onChange, say }) {
      this.body = table.tBodies[0];
      this.columns = settings.columns;
      this.settings = settings;
      this.onChange = onChange;
      this.say = say;
      this.done = [];
      this.problems = [];
      this.template = this.body.rows[0].cloneNode(true);
      this.first = this.columns.findIndex((column) => column.kind === "number");
      table.addEventListener("keydown", (event) => this.key(event));
      table.addEventListener("paste", (event) => this.paste(event));
      table.addEventListener("focusin", (event) => this.enter(event.target));
      table.addEventListener("focusout", (event) => this.leave(event.target));
      table.addEventListener("input", (event) => this.typed(event.target));
    }

    /* --- Cells ------------------------------------------------------------------------------ */

    get length() {
      return this.body.rows.length;
    }

    cell(row, column) {
      return this.body.rows[row]?.querySelectorAll(".sheet-cell")[column];
    }

    place(input) {
      const row = input.closest("tr");
      return [[...this.body.rows].indexOf(row), [...row.querySelectorAll(".sheet-cell")].indexOf(input)];
    }

    filled(row) {
      return this.columns.some(
        (column, at) => (column.kind === "number" || column.kind === "text") && this.cell(row, at).value.trim(),
      );
    }

    /* What is typed, without the empty rows at the end. */
    rows() {
      const rows = [...this.body.rows].map((_row, at) =>
        Object.fromEntries(this.columns.map((column, place) => [column.key, this.cell(at, place).value])),
      );
      let last = rows.length;
      while (last > 0 && !this.filled(last - 1)) last -= 1;
      return rows.slice(0, last);
    }

    count() {
      let n = 0;
      for (let row = 0; row < this.length; row += 1) {
        this.columns.forEach((column, at) => {
          if (column.counted && this.cell(row, at).value.trim()) n += 1;
        });
      }
      return n;
    }

    addRow() {
      const row = this.template.cloneNode(true);
      const at = this.length;
      row.cells[0].id = `row-${at}`;
      row.cells[0].textContent = String(at + 1);
      row.querySelectorAll(".sheet-note").forEach((note) => note.remove());
      row.querySelectorAll(".sheet-cell").forEach((input, place) => {
        const { key, label } = this.columns[place];
        input.id = `cell-${at}-${key}`;
        input.value = "";
        input.readOnly = false;
        input.removeAttribute("aria-invalid");
        input.removeAttribute("aria-describedby");
        input.setAttribute("aria-label", this.settings.words.cell.replace("{n}", at + 1).replace("{column}", label));
      });
      this.body.append(row);
    }

    room(rows) {
      while (this.length < rows) this.addRow();
    }

    /* --- Changes, each of which can be taken back --------------------------------------------- */

    write(changes) {
      const made = [];
      for (const [row, column, after] of changes) {
        this.room(row + 1);
        const input = this.cell(row, column);
        if (input.readOnly || input.value === after) continue;
        made.push([row, column, input.value]);
        input.value = after;
      }
      if (!made.length) return;
      this.done.push(made);
      this.stampAll(made.map(([row]) => row));
      this.changed();
    }

    undo() {
      const made = this.done.pop();
      if (!made) return;
      for (const [row, column, before] of made) this.cell(row, column).value = before;
      this.held = document.activeElement?.value;
      this.stampAll(made.map(([row]) => row));
      this.say(this.settings.words.undone);
      this.changed();
    }

    changed() {
      if (this.filled(this.length - 1) && this.length < this.settings.most) this.addRow();
      this.onChange();
    }

    enter(input) {
      if (!input.matches(".sheet-cell")) return;
      this.held = input.value;
      input.select();
      this.show(this.problems);
    }

    leave(input) {
      if (!input.matches(".sheet-cell")) return;
      this.commit(input);
      this.show(this.problems);
    }

    /* What was typed since the cell was entered becomes one step. */
    commit(input) {
      if (this.held === undefined || input.value === this.held) return;
      const [row, column] = this.place(input);
      this.done.push([[row, column, this.held]]);
      this.held = input.value;
      this.changed();
    }

    typed(input) {
      if (!input.matches(".sheet-cell")) return;
      const [row] = this.place(input);
      this.stampAll([row]);
      this.changed();
    }

    /* The time of a row is now when its first value is typed; it goes again with the last one. */
    stampAll(rows) {
      const at = this.columns.findIndex((column) => column.kind === "time");
      for (const row of new Set(rows)) {
        const time = this.cell(row, at);
        if (!time || time === document.activeElement) continue;
        if (this.filled(row) && !time.value) {
          time.value = clock(this.settings.zone);
          time.dataset.stamped = time.value;
        } else if (!this.filled(row) && time.value && time.value === time.dataset.stamped) {
          time.value = "";
        }
      }
    }

    /* --- Keys ------------------------------------------------------------------------------- */

    go(row, column) {
      const input = this.cell(row, column);
      if (!input) return false;
      input.focus();
      input.scrollIntoView({ block: "nearest", inline: "nearest" });
      return true;
    }

    key(event) {
      const input = event.target;
      if (!input.matches(".sheet-cell") || event.isComposing) return;
      const [row, column] = this.place(input);
      const control = event.ctrlKey || event.metaKey;
      const whole = input.selectionStart === 0 && input.selectionEnd === input.value.length;
      if (control && event.key === "z" && !event.shiftKey) {
        if (input.value !== this.held) {
          input.value = this.held;
          this.typed(input);
        } else this.undo();
      } else if (control && event.key === "Delete") {
        this.write(this.columns.map((_column, at) => [row, at, ""]));
        this.held = input.value;
      } else if (control || event.altKey) return;
      else if (event.key === "Enter") this.enterKey(input, row);
      else if (event.key === "Delete" && whole && input.value) {
        this.write([[row, column, ""]]);
        this.held = "";
      } else if (event.key === "ArrowDown" && !input.list) this.go(row + 1, column);
      else if (event.key === "ArrowUp" && !input.list) this.go(row - 1, column);
      else if (event.key === "ArrowRight" && (whole || input.selectionEnd === input.value.length)) {
        if (!this.go(row, column + 1)) return;
      } else if (event.key === "ArrowLeft" && (whole || input.selectionStart === 0)) {
        if (column === 0 || !this.go(row, column - 1)) return;
      } else if (event.key === "Tab" && !event.shiftKey && column === this.columns.length - 1 && this.filled(row)) {
        this.commit(input);
        this.go(row + 1, this.first);
      } else return;
      event.preventDefault();
    }

    /* The next row; from an empty row to the button, so that Enter twice saves. */
    enterKey(input, row) {
      this.commit(input);
      if (!this.filled(row) && this.count()) input.form.querySelector("[type=submit]").focus();
      else this.go(row + 1, this.first) || this.go(row, this.first);
    }

    /* --- Pasting ---------------------------------------------------------------------------- */

    paste(event) {
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (!/[\t\n]/.test(text) || !event.target.matches(".sheet-cell")) return;
      event.preventDefault();
      const { words, most } = this.settings;
      const block = cellsOf(text);
      const [row, column] = this.place(event.target);
      const width = Math.max(...block.map((cells) => cells.length));
      const left = this.columns.length - column;
      if (row + block.length > most) {
        this.say(words.too_many.replace("{n}", block.length).replace("{most}", most), true);
        return;
      }
      if (width > left) {
        this.say(words.too_wide.replace("{n}", width).replace("{most}", left), true);
        return;
      }
      this.commit(event.target);
      this.write(block.flatMap((cells, down) => cells.map((cell, right) => [row + down, column + right, cell.trim()])));
      this.held = event.target.value;
      this.say(words.pasted.replace("{rows}", block.length).replace("{columns}", width));
    }

    /* --- What is wrong ---------------------------------------------------------------------- */

    /* A cell that is being typed is left alone until it is left. */
    show(problems) {
      this.problems = problems;
      const found = new Map(problems.map((problem) => [`cell-${problem.row}-${problem.key}`, problem]));
      const typing = document.activeElement;
      for (const input of this.body.querySelectorAll(".sheet-cell")) {
        const problem = found.get(input.id);
        const busy = input === typing && input.value !== this.held;
        this.mark(input, busy ? undefined : problem);
      }
    }

    mark(input, problem) {
      const old = document.getElementById(`${input.id}-note`);
      if (!problem) {
        old?.remove();
        input.removeAttribute("aria-invalid");
        input.removeAttribute("aria-describedby");
        return;
      }
      const { text } = problem;
      if (old?.textContent !== text) {
        old?.remove();
        const note = make("span", problem.warning ? "sheet-note warned" : "sheet-note", text);
        note.id = `${input.id}-note`;
        input.after(note);
      }
      if (problem.warning) input.removeAttribute("aria-invalid");
      else input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", `${input.id}-note`);
    }

    /* --- Whole sheet ------------------------------------------------------------------------ */

    fill(rows) {
      this.room(rows.length + 1);
      rows.forEach((row, at) => {
        this.columns.forEach((column, place) => {
          this.cell(at, place).value = row[column.key] ?? "";
        });
      });
      this.changed();
    }

    /* Rows that were sent and not answered for stay as they are. */
    lock(count) {
      [...this.body.rows].forEach((row, at) => {
        row.classList.toggle("sent", at < count);
        for (const input of row.querySelectorAll(".sheet-cell")) input.readOnly = at < count;
      });
    }

    /* The first rows are stored: what was typed below them moves up. */
    drop(count) {
      const rest = this.rows().slice(count);
      this.lock(0);
      this.done = [];
      for (const input of this.body.querySelectorAll(".sheet-cell")) input.value = "";
      this.show([]);
      this.fill(rest);
      this.held = document.activeElement?.value;
    }
  }

  return { Grid, clock, make };
})();
