/* The interactive control chart: <div class="control-chart" data-src="…"> is filled with it.

   Attributes: data-src (JSON below), data-detail (prefix of the ids of the listed signals: a click
   or Enter on a signal goes to "<prefix><signal id>"), data-height (of the first panel),
   data-compact (first panel only, no legend, no zoom), data-fed (instead of data-src: the payload
   comes with each event "improve:chart-data" on the element, as event.detail).

   Payload: title, unit, decimals, direction (lower, higher, target, none),
     x {kind: "time" | "order", values: [epoch seconds | 1..n], labels: [text per point],
        tz (zone of the dates, else the browser's), range ([first, last] of all data, when decimated)},
     panels [{name, title, points, center, lcl, ucl}] (null where not defined),
     phases [{name, start, end, current, limits: [{panel, ucl, center, lcl} as text]}],
     signals [{id, panel, rule, number, kind: "limit" | "run", point, first, last, sentence, cause}],
     excluded [point], unsaved [point] (typed, not stored: drawn hollow), notes [{point, letter, text}],
     target, spec {lsl, usl}, zones, words, decimated,
     factors [{name, levels [text], further, codes [per point]}] (chart-strata.js),
     variables [{name, decimals, values}] (of a chart that judges several together).
   Positions count from 0 in the arrays sent. When decimated is true the arrays hold the lowest and
   highest value of each stretch (and every signal, exclusion and note); zooming fetches
   data-src with ?from=&to=&width= (x values of the window, pixels) for the window alone.

   words (English where missing): chart, keys, loading, failed, empty, reset, point_of, limits,
     center, excluded, cause, no_cause, note, target, legend_run_end, legend_run, legend_limit,
     legend_limit_excluded, legend_excluded, legend_note, legend_target, legend_spec,
     legend_decimated, legend_unsaved, unsaved, by, by_nothing, level_further, level_mixed, level_none,
     level_shown. {n}, {total}, {lcl}, {ucl}, {value}, {cause} are filled in here.

   Keys on the chart: arrows (point, panel), Page up and down (ten points), Home, End, + and - (zoom),
   0 (all), Enter (the signal in the list), Escape. The wheel zooms once the chart has the focus. */
"use strict";

(() => {
  const marks = window.ImproveMarks;
  const strata = window.ImproveStrata;
  const { number } = marks;
  const Y_SPACE = 42;

  const withBy = (address, by) => {
    const url = new URL(address, window.location.href);
    if (by) url.searchParams.set("by", by);
    else url.searchParams.delete("by");
    return url.href;
  };

  const WORDS = {
    chart: "Control chart",
    keys: "Arrow keys move between points, plus and minus zoom.",
    loading: "Loading the chart.",
    failed: "The chart could not be loaded. Reload the page to try again.",
    empty: "No points yet.",
    reset: "Show all",
    point_of: "Point {n} of {total}",
    limits: "limits {lcl} to {ucl}",
    center: "center line {value}",
    excluded: "Left out of the limits",
    cause: "Cause: {cause}",
    no_cause: "No cause yet",
    note: "Note",
    target: "target {value}",
    legend_run_end: "completes a run rule",
    legend_run: "part of the run",
    legend_limit: "beyond a limit",
    legend_limit_excluded: "beyond a limit; hollow: left out of the limits",
    legend_excluded: "left out of the limits",
    legend_note: "note",
    legend_target: "target",
    legend_spec: "specification limit",
    legend_decimated: "lowest and highest values; zoom in for each point",
    legend_unsaved: "not saved",
    unsaved: "Not saved",
    by: "Tell points apart by",
    by_nothing: "nothing",
    level_further: "{n} others",
    level_mixed: "several of them",
    level_none: "not given",
    level_shown: "Show {level}",
  };
  const SVG = "http://www.w3.org/2000/svg";
  const language = () => document.documentElement.lang || "en";
  const phone = () => window.matchMedia("(width < 768px)").matches;

  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text) element.textContent = text;
    return element;
  };

  class ControlChart {
    constructor(root) {
      this.root = root;
      this.compact = "compact" in root.dataset;
      this.plots = [];
      this.here = null;
      this.panel = 0;
      this.window = null;
      // The choice stands in the address: it can be sent to someone, and downloads follow it.
      this.by = this.compact ? null : new URL(window.location.href).searchParams.get("by");
      this.hidden = new Set();
    }

    async load(query = "") {
      this.abort?.abort();
      this.abort = new AbortController();
      const url = new URL(this.root.dataset.src, window.location.href);
      new URLSearchParams(query).forEach((value, key) => url.searchParams.set(key, value));
      const answer = await fetch(url, {
        signal: this.abort.signal,
        headers: { Accept: "application/json" },
      });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      return answer.json();
    }

    async start() {
      try {
        this.take(await this.load());
        if (document.fonts) await document.fonts.ready;
        this.build();
      } catch (error) {
        if (error.name === "AbortError") return;
        const text = make("p", "chart-failed", WORDS.failed);
        text.setAttribute("role", "alert");
        this.root.prepend(text);
      }
    }

    /* New data into the same drawing: only the first time, or with other panels, it is built. */
    feed(data) {
      const panels = this.compact ? 1 : data.panels.length;
      this.full = null;
      this.window = null;
      this.leave();
      this.take(data);
      if (!data.x.values.length || this.plots.length !== panels || !this.stage?.isConnected) {
        this.build();
        return;
      }
      this.quiet = true;
      this.plots.forEach((plot, index) => plot.setData([data.x.values, this.panels[index].points]));
      this.quiet = false;
      this.legend?.replaceChildren(...this.legendItems());
    }

    word(key, values = {}) {
      const text = this.data?.words?.[key] || WORDS[key];
      return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
    }

    get factor() {
      return (this.data.factors ?? []).find((one) => one.name === this.by) ?? null;
    }

    format(value, places) {
      if (!number(value)) return "–";
      const decimals = places ?? this.data.decimals ?? 2;
      const text = value.toLocaleString(language(), {
        minimumFractionDigits: decimals,
        maximumFractionDigits: decimals,
      });
      return text.replace("-", "−");
    }

    /* --- Data ------------------------------------------------------------------------------- */

    take(data) {
      this.data = data;
      this.excluded = new Set(data.excluded ?? []);
      this.unsaved = new Set(data.unsaved ?? []);
      this.cuts = data.x.values.length ? marks.edges(data.x.values) : [0, 1];
      this.panels = this.compact ? data.panels.slice(0, 1) : data.panels;
      this.phases = data.phases?.length
        ? data.phases
        : [{ name: "", start: 0, end: data.x.values.length - 1, current: true, limits: [] }];
      this.marked = this.panels.map((panel, index) => this.markPanel(index));
      this.full ??= data.x.range
        ? [...data.x.range]
        : [this.cuts[0], this.cuts[this.cuts.length - 1]];
    }

    /* For one panel: which points carry a sign, which lie in a run, which runs have a trail. */
    markPanel(index) {
      const signs = new Map();
      const runs = new Set();
      const signals = (this.data.signals ?? []).filter((signal) => signal.panel === index);
      for (const signal of signals) {
        const at = signs.get(signal.point) ?? { signals: [], kind: "run" };
        at.signals.push(signal);
        if (signal.kind === "limit") at.kind = "limit";
        signs.set(signal.point, at);
        if (signal.kind !== "run") continue;
        for (let i = signal.first; i <= signal.last; i += 1) runs.add(i);
      }
      for (const at of signs.values()) {
        at.signals.sort((a, b) => Number(a.number) - Number(b.number));
        at.label = at.signals[0].number + (at.signals.length > 1 ? "+" : "");
      }
      return { signs, runs, trails: signals.filter((signal) => signal.kind === "run") };
    }

    yRange(index) {
      const panel = this.panels[index];
      let [min, max] = [Infinity, -Infinity];
      const take = (value) => {
        if (!number(value)) return;
        if (value < min) min = value;
        if (value > max) max = value;
      };
      for (const list of [panel.points, panel.lcl, panel.ucl, panel.center]) list?.forEach(take);
      const atZero = min >= 0;
      const noLower = !(panel.lcl ?? []).some(number);
      if (index === 0) {
        take(this.data.target);
        take(this.data.spec?.lsl);
        take(this.data.spec?.usl);
      }
      if (!Number.isFinite(min)) return [0, 1];
      const pad = (max - min || Math.abs(max) || 1) * 0.08;
      const low = atZero && (noLower || min - pad < 0) ? 0 : min - pad;
      return [low, max + pad];
    }

    /* --- Building --------------------------------------------------------------------------- */

    build() {
      this.root.replaceChildren();
      this.plots = [];
      if (!this.data.x.values.length) {
        this.root.append(make("p", "chart-failed", this.word("empty")));
        return;
      }
      this.colours = marks.colours();
      this.levels = strata.colours();
      this.family = getComputedStyle(document.body).fontFamily;
      this.stage = make("div", "chart-stage");
      this.stage.tabIndex = 0;
      this.stage.setAttribute("role", "application");
      this.stage.setAttribute("aria-label", `${this.word("chart")}: ${this.data.title}. ${this.word("keys")}`);
      this.voice = make("p", "visually-hidden");
      this.voice.setAttribute("aria-live", "polite");
      this.tip = make("div", "chart-tip");
      this.tip.hidden = true;
      this.root.append(this.stage, this.voice);
      this.hands = [];
      this.plots = this.panels.map((panel, index) => this.buildPanel(panel, index));
      this.stage.append(this.tip);
      if (!this.compact) this.buildTools();
      this.listen();
    }

    buildPanel(panel, index) {
      const holder = make("div", "chart-panel");
      holder.append(make("div", "chart-title", panel.title));
      this.stage.append(holder);
      const plot = new window.uPlot(this.options(index), [this.data.x.values, panel.points], holder);
      const hand = { stem: make("div", "chart-stem"), ring: make("div", "chart-ring") };
      hand.stem.hidden = true;
      hand.ring.hidden = true;
      plot.over.append(hand.stem, hand.ring);
      this.hands.push(hand);
      return plot;
    }

    height(index) {
      const last = index === this.panels.length - 1;
      const first = Number(this.root.dataset.height) || (phone() ? 190 : 300);
      return (index === 0 ? first : 128) + (last ? 26 : 8);
    }

    rightRoom() {
      const probe = { ctx: document.createElement("canvas").getContext("2d"), ratio: 1, family: this.family };
      const texts = this.panels.flatMap((panel, index) => this.endLabels(index).map((label) => label.text));
      return Math.ceil(Math.max(8, ...texts.map((text) => marks.measure(probe, text, 12) + 14)));
    }

    /* The steps of a value axis, as uPlot finds them: the smallest round number that leaves
       room for a label. */
    ySteps(index) {
      const [low, high] = this.yRange(index);
      const least = ((high - low) * Y_SPACE) / this.height(index);
      const power = 10 ** Math.floor(Math.log10(least));
      const step = [1, 2, 2.5, 5, 10].find((one) => one * power >= least) * power;
      return { low, high, step };
    }

    yLabel(value, step) {
      // Twelve: what is left of a sum of binary fractions is no digit of the label.
      const digits = Math.min(Math.max(0, -Math.floor(Math.log10(step)) + 1), 12);
      return value.toLocaleString(language(), { maximumFractionDigits: digits }).replace("-", "−");
    }

    /* One width for all panels, so that their points stand below each other. */
    leftRoom() {
      const probe = { ctx: document.createElement("canvas").getContext("2d"), ratio: 1, family: this.family };
      const texts = this.panels.flatMap((panel, index) => {
        const { low, high, step } = this.ySteps(index);
        const first = Math.ceil(low / step);
        return Array.from({ length: Math.min(Math.floor(high / step) - first + 1, 60) }, (_, i) => this.yLabel((first + i) * step, step));
      });
      return Math.ceil(Math.max(40, ...texts.map((text) => marks.measure(probe, text, 11) + 14)));
    }

    options(index) {
      const last = index === this.panels.length - 1;
      const named = this.phases.some((phase) => phase.name);
      const font = `11px ${this.family}`;
      const muted = () => this.colours.muted;
      const edge = () => this.colours.edge;
      const time = this.data.x.kind === "time";
      return {
        width: this.root.clientWidth,
        height: this.height(index),
        padding: [index === 0 && named ? 26 : 14, this.rightRoom(), last ? 0 : 8, 0],
        legend: { show: false },
        cursor: {
          x: false, y: false, points: { show: false },
          drag: { x: !this.compact, y: false, setScale: false },
        },
        scales: {
          x: { time: false, range: () => this.window ?? this.full },
          y: { range: () => this.yRange(index) },
        },
        axes: [
          {
            show: last, stroke: muted, font, size: 26, gap: 3, grid: { show: false },
            ticks: { stroke: edge, width: 1, size: 4 }, border: { show: true, stroke: edge, width: 1 },
            splits: time ? (u, axis, min, max) => this.timeTicks(u, min, max) : undefined,
            values: (u, splits) => splits.map((split) => this.xLabel(split, time)),
          },
          {
            stroke: muted, font, size: this.leftRoom(), gap: 4, space: Y_SPACE, grid: { show: false },
            ticks: { stroke: edge, width: 1, size: 4 }, border: { show: true, stroke: edge, width: 1 },
            values: (u, splits, axis, space, step) => splits.map((split) => this.yLabel(split, step)),
          },
        ],
        series: [{}, { paths: () => null, points: { show: false } }],
        hooks: {
          drawClear: [(u) => this.drawBelow(u, index)],
          draw: [(u) => this.drawAbove(u, index)],
          setCursor: [(u) => this.hover(u, index)],
          setSelect: [(u) => this.selected(u)],
        },
      };
    }

    timeTicks(u, min, max) {
      const room = language().startsWith("zh") ? 92 : 84;
      const found = window.ImproveTime.ticks(min, max, u.bbox.width / window.uPlot.pxRatio, room, this.data.x.tz);
      this.unit = found.unit;
      return found.ticks;
    }

    xLabel(split, time) {
      if (time) return window.ImproveTime.label(split, this.unit, this.data.x.tz, language());
      return Number.isInteger(split) && split > 0 ? split.toLocaleString(language()) : "";
    }

    /* --- Drawing ---------------------------------------------------------------------------- */

    pen(u) {
      const box = { left: u.bbox.left, top: u.bbox.top };
      box.right = box.left + u.bbox.width;
      box.bottom = box.top + u.bbox.height;
      return {
        ctx: u.ctx, ratio: window.uPlot.pxRatio, box, colours: this.colours, family: this.family,
        levels: this.levels,
        x: (value) => u.valToPos(value, "x", true),
        y: (value) => u.valToPos(value, "y", true),
      };
    }

    /* uPlot remembers the state of its canvas, so it is always put back. */
    clipped(u, draw, sides = 0) {
      const { left, top, width, height } = u.bbox;
      const room = sides * window.uPlot.pxRatio;
      u.ctx.save();
      u.ctx.beginPath();
      u.ctx.rect(left - room, top - room, width + 2 * room, height + 2 * room);
      u.ctx.clip();
      draw(this.pen(u));
      u.ctx.restore();
    }

    drawBelow(u, index) {
      const panel = this.panels[index];
      this.clipped(u, (pen) => {
        for (const phase of this.phases) {
          marks.band(pen, this.cuts, panel, phase);
          if (this.data.zones) marks.zones(pen, this.cuts, panel, phase);
          marks.limits(pen, this.cuts, panel, phase);
        }
        if (index > 0) return;
        if (number(this.data.target)) marks.level(pen, this.data.target, pen.colours.target, 1.5, [1.5, 3]);
        for (const side of ["lsl", "usl"]) {
          const value = this.data.spec?.[side];
          if (number(value)) marks.level(pen, value, pen.colours.spec, 1.5, [6, 3]);
        }
      });
    }

    drawAbove(u, index) {
      const panel = this.panels[index];
      const found = this.marked[index];
      const values = this.data.x.values;
      const skip = new Set([...found.runs, ...found.signs.keys(), ...this.excluded, ...this.unsaved]);
      const radius = this.radius(u);
      this.clipped(u, (pen) => {
        for (const phase of this.phases) {
          if (!phase.current) this.drawInside(pen, phase, index);
        }
        for (const signal of found.trails) marks.trail(pen, values, panel, signal);
        for (const phase of this.phases) marks.line(pen, values, panel, phase);
      });
      this.clipped(u, (pen) => {
        this.drawNotes(pen, index);
        for (const phase of this.phases) {
          if (radius && !this.factor) marks.points(pen, values, panel, phase, radius, skip);
        }
        if (radius && this.factor) {
          strata.draw(pen, values, panel, this.factor, this.hidden, radius > 2 ? 1 : 0.7);
        }
        this.drawSigns(pen, panel, found);
      }, 7);
      u.ctx.save();
      const pen = this.pen(u);
      this.drawPhases(pen, index);
      this.drawEnds(pen, index);
      u.ctx.restore();
      if (this.plots[index]) this.placeHere(index);
    }

    /* The room between points decides: full dots, small dots, none (the line alone). */
    radius(u) {
      const [from, to] = this.window ?? this.full;
      const values = this.data.x.values;
      const share = (values[values.length - 1] - values[0]) / (to - from) || 1;
      const room = (u.bbox.width / window.uPlot.pxRatio) * (share / Math.max(values.length, 1));
      if (room < 2.2 || this.data.decimated) return 0;
      return room < 5 ? 1.7 : 2.3;
    }

    drawSigns(pen, panel, found) {
      const values = this.data.x.values;
      const place = (i) => [pen.x(values[i]), pen.y(panel.points[i])];
      const { signal, past, point } = pen.colours;
      for (const i of this.unsaved) {
        if (!number(panel.points[i]) || found.signs.has(i) || found.runs.has(i)) continue;
        marks.ring(pen, ...place(i), { colour: point, width: 1.3 });
      }
      for (const i of this.excluded) {
        if (!number(panel.points[i]) || found.signs.has(i) || this.factor) continue;
        marks.ring(pen, ...place(i), { colour: past, width: 1.2 });
      }
      for (const i of found.runs) {
        if (!number(panel.points[i]) || found.signs.has(i) || this.excluded.has(i) || this.factor) continue;
        marks.ring(pen, ...place(i), { colour: signal });
      }
      const lastLabel = { above: -Infinity, below: -Infinity };
      for (const [i, sign] of [...found.signs].sort(([a], [b]) => a - b)) {
        if (!number(panel.points[i])) continue;
        const [x, y] = place(i);
        if (this.factor) marks.around(pen, x, y, sign.kind);
        else marks.shape(pen, x, y, sign.kind, this.excluded.has(i) || this.unsaved.has(i));
        const side = panel.points[i] < (panel.center?.[i] ?? panel.points[i]) ? "below" : "above";
        if (x - lastLabel[side] < 9 * pen.ratio) continue;
        lastLabel[side] = x;
        marks.write(pen, sign.label, x, y + (side === "below" ? 13 : -13) * pen.ratio, {
          size: 11, weight: 700, colour: pen.colours.signalText, align: "center", halo: true,
        });
      }
    }

    drawNotes(pen, index) {
      let last = -Infinity;
      let row = 0;
      const top = pen.box.top + 8 * pen.ratio;
      for (const note of index === 0 ? (this.data.notes ?? []) : []) {
        const x = pen.x(this.data.x.values[note.point]);
        if (x < pen.box.left || x > pen.box.right) continue;
        row = x - last < 18 * pen.ratio ? row + 1 : 0;
        last = x;
        marks.note(pen, x, top + row * 17 * pen.ratio, note.letter, pen.box.bottom);
      }
    }

    drawPhases(pen, index) {
      const { box, ratio, colours } = pen;
      this.phases.forEach((phase, number_) => {
        const left = Math.max(pen.x(this.cuts[phase.start]), box.left);
        const right = Math.min(pen.x(this.cuts[phase.end + 1]), box.right);
        if (right - left < 2 || left >= box.right) return;
        const starts = number_ > 0 && pen.x(this.cuts[phase.start]) >= box.left;
        if (starts) marks.change(pen, left, index === 0 ? box.top - 20 * ratio : box.top);
        if (index === 0 && phase.name) {
          const reach = phase.current ? box.right + 40 * ratio : right;
          const name = marks.cut(pen, phase.name, reach - left - 12 * ratio, 12);
          marks.write(pen, name, left + 6 * ratio, box.top - 12 * ratio, { size: 12, colour: colours.muted });
        }
      });
    }

    /* Limits of a past phase are named inside, at its left; under the points, which stay whole. */
    drawInside(pen, phase, index) {
      const left = Math.max(pen.x(this.cuts[phase.start]), pen.box.left);
      const right = Math.min(pen.x(this.cuts[phase.end + 1]), pen.box.right);
      if (right - left < 2 || left >= pen.box.right) return;
      const texts = phase.limits?.find((entry) => entry.panel === index);
      const panel = this.panels[index];
      for (const [key, shift] of [["ucl", -9], ["lcl", 10]]) {
        const value = panel[key]?.[phase.start];
        const text = texts?.[key];
        if (!text || !number(value)) continue;
        if (marks.measure(pen, text, 12) > right - left - 12 * pen.ratio || phone()) continue;
        marks.write(pen, text, left + 6 * pen.ratio, pen.y(value) + shift * pen.ratio, {
          size: 12, colour: pen.colours.limit, plate: true,
        });
      }
    }

    /* What is named at the right end: the limits in force, target, specification limits. */
    endLabels(index) {
      const panel = this.panels[index];
      const phase = this.phases.find((one) => one.current) ?? this.phases[this.phases.length - 1];
      const texts = phase.limits?.find((entry) => entry.panel === index);
      const labels = [];
      for (const key of ["ucl", "center", "lcl"]) {
        const value = panel[key]?.[phase.end];
        if (texts?.[key] && number(value)) labels.push({ text: texts[key], value, colour: "limit" });
      }
      if (index > 0) return labels;
      if (number(this.data.target)) {
        labels.push({ text: this.word("target", { value: this.format(this.data.target) }), value: this.data.target, colour: "target" });
      }
      for (const side of ["lsl", "usl"]) {
        const value = this.data.spec?.[side];
        if (number(value)) labels.push({ text: `${side.toUpperCase()} ${this.format(value)}`, value, colour: "spec" });
      }
      return labels;
    }

    drawEnds(pen, index) {
      const { box, ratio } = pen;
      const phase = this.phases.find((one) => one.current);
      const inForce = !phase || pen.x(this.cuts[phase.start]) < box.right;
      const labels = this.endLabels(index)
        .filter((label) => inForce || label.colour !== "limit")
        .map((label) => ({ ...label, y: pen.y(label.value) }))
        .filter((label) => label.y > box.top - 4 && label.y < box.bottom + 4)
        .sort((a, b) => a.y - b.y);
      labels.forEach((label, i) => {
        if (i > 0) label.y = Math.max(label.y, labels[i - 1].y + 13 * ratio);
        marks.write(pen, label.text, box.right + 7 * ratio, label.y, { size: 12, colour: pen.colours[label.colour] });
      });
    }

    /* The point in hand is shown by two elements over the canvas, so that moving costs no drawing. */
    placeHere(index) {
      const plot = this.plots[index];
      const { stem, ring } = this.hands[index];
      const at = this.here === null ? null : plot.valToPos(this.data.x.values[this.here], "x");
      const outside = at === null || at < 0 || at > plot.over.clientWidth;
      const value = outside ? null : this.panels[index].points[this.here];
      stem.hidden = outside;
      ring.hidden = !number(value);
      if (outside) return;
      stem.style.left = `${at}px`;
      ring.style.left = `${at}px`;
      ring.classList.toggle("strong", index === this.panel);
      if (number(value)) ring.style.top = `${plot.valToPos(value, "y")}px`;
    }

    showHere() {
      this.plots.forEach((plot, index) => this.placeHere(index));
    }

    /* --- Pointing --------------------------------------------------------------------------- */

    hover(u, index) {
      if (this.quiet) return;
      if (u.cursor.left < 0) {
        if (this.pointed && index === this.panel) this.leave();
        return;
      }
      const at = u.cursor.idx;
      if (at === null || at === undefined || (at === this.here && index === this.panel)) return;
      this.point(at, index, false);
    }

    /* Reached by keys it is said aloud and stays; reached by the pointer it goes with it. */
    point(at, panel, aloud) {
      this.pointed = !aloud;
      this.here = at;
      this.panel = panel;
      this.showHere();
      this.showTip();
      if (aloud) this.voice.textContent = this.lines().map((text) => text.replace(/[.。]$/, "")).join(". ");
    }

    leave() {
      if (this.here === null) return;
      this.here = null;
      this.tip.hidden = true;
      this.showHere();
    }

    /* What is said about the point: value first, then when, limits, rules, cause, note. */
    lines() {
      const panel = this.panels[this.panel];
      const at = this.here;
      const unit = this.data.unit ? ` ${this.data.unit}` : "";
      const signals = (this.data.signals ?? []).filter(
        (signal) => signal.panel === this.panel && signal.first <= at && at <= signal.last,
      );
      const total = this.data.x.values.length;
      const lines = [
        `${this.format(panel.points[at])}${unit}`,
        this.data.x.labels?.[at] ?? "",
        this.data.decimated ? "" : this.word("point_of", { n: at + 1, total }),
        this.limitLine(panel, at),
      ];
      for (const signal of signals) {
        lines.push(signal.sentence);
        if (signal.id === null) continue;
        lines.push(signal.cause ? this.word("cause", { cause: signal.cause }) : this.word("no_cause"));
      }
      if (this.unsaved.has(at)) lines.push(this.word("unsaved"));
      if (this.excluded.has(at)) lines.push(this.word("excluded"));
      for (const factor of this.data.factors ?? []) {
        lines.push(`${factor.name}: ${strata.name(factor, factor.codes[at], (key, values) => this.word(key, values))}`);
      }
      for (const variable of this.data.variables ?? []) {
        lines.push(`${variable.name}: ${this.format(variable.values[at], variable.decimals)}`);
      }
      for (const note of this.data.notes ?? []) {
        if (note.point === at) lines.push(`${this.word("note")} ${note.letter}: ${note.text}`);
      }
      return lines.filter(Boolean);
    }

    limitLine(panel, at) {
      const [lower, upper, center] = [panel.lcl?.[at], panel.ucl?.[at], panel.center?.[at]];
      if (number(lower) && number(upper)) {
        return this.word("limits", { lcl: this.format(lower), ucl: this.format(upper) });
      }
      if (number(upper)) return `UCL ${this.format(upper)}`;
      return number(center) ? this.word("center", { value: this.format(center) }) : "";
    }

    showTip() {
      const lines = this.lines();
      const sentences = new Set((this.data.signals ?? []).map((signal) => signal.sentence));
      const [value, ...rest] = lines;
      this.tip.replaceChildren(
        make("b", "", value),
        ...rest.map((text) => make("span", sentences.has(text) ? "signal-text" : "muted", text)),
      );
      this.tip.hidden = false;
      const plot = this.plots[this.panel];
      const over = plot.over.getBoundingClientRect();
      const stage = this.stage.getBoundingClientRect();
      const x = over.left - stage.left + plot.valToPos(this.data.x.values[this.here], "x");
      const y = plot.valToPos(this.panels[this.panel].points[this.here] ?? 0, "y");
      const left = x + 14 + this.tip.offsetWidth > stage.width ? x - 14 - this.tip.offsetWidth : x + 14;
      this.tip.style.left = `${Math.max(0, left)}px`;
      this.tip.style.top = `${Math.max(0, over.top - stage.top + y - this.tip.offsetHeight - 10)}px`;
    }

    goToSignal() {
      const prefix = this.root.dataset.detail;
      const signal = (this.data.signals ?? []).find(
        (one) => one.panel === this.panel && one.first <= this.here && this.here <= one.last,
      );
      const element = prefix && signal && document.getElementById(`${prefix}${signal.id}`);
      if (!element) return;
      document.querySelectorAll(".signal-item.found").forEach((one) => one.classList.remove("found"));
      element.classList.add("found");
      element.scrollIntoView({ block: "nearest" });
      element.focus({ preventScroll: true });
    }

    /* --- Zoom ------------------------------------------------------------------------------- */

    selected(u) {
      const { left, width } = u.select;
      if (width < 6 || this.quiet) return;
      const range = [u.posToVal(left, "x"), u.posToVal(left + width, "x")];
      u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      this.zoom(...range);
    }

    zoom(from, to) {
      const [first, last] = this.full;
      const least = (last - first) / 1e6;
      const low = Math.max(first, from);
      const high = Math.min(last, to);
      if (!(high - low > least)) return;
      this.window = low <= first && high >= last ? null : [low, high];
      this.applyWindow();
    }

    zoomBy(factor, middle) {
      const [from, to] = this.window ?? this.full;
      const center = middle ?? (this.here === null ? (from + to) / 2 : this.data.x.values[this.here]);
      this.zoom(center - (center - from) * factor, center + (to - center) * factor);
    }

    applyWindow() {
      const [min, max] = this.window ?? this.full;
      this.reset.hidden = !this.window;
      this.tip.hidden = true;
      for (const plot of this.plots) plot.setScale("x", { min, max });
      if (this.data.decimated || this.partial) this.refetch(min, max);
    }

    refetch(min, max) {
      window.clearTimeout(this.timer);
      this.timer = window.setTimeout(async () => {
        const width = Math.round(this.root.clientWidth);
        try {
          const data = await this.load(this.window ? { from: min, to: max, width } : { width });
          this.partial = Boolean(this.window);
          this.here = null;
          this.take(data);
          this.quiet = true;
          this.plots.forEach((plot, index) => plot.setData([data.x.values, this.panels[index].points]));
          this.quiet = false;
          this.legend.replaceChildren(...this.legendItems());
        } catch (error) {
          if (error.name !== "AbortError") this.voice.textContent = this.word("failed");
        }
      }, 150);
    }

    /* --- Legend and tools: only the marks that are there ------------------------------------- */

    buildTools() {
      const tools = make("div", "chart-tools");
      this.legend = make("ul", "chart-legend");
      this.legend.append(...this.legendItems());
      this.reset = make("button", "btn btn-secondary btn-sm chart-reset", this.word("reset"));
      this.reset.type = "button";
      this.reset.hidden = true;
      this.reset.addEventListener("click", () => {
        this.window = null;
        this.applyWindow();
        this.stage.focus();
      });
      tools.append(this.legend, this.reset);
      if (this.data.factors?.length) this.root.append(this.buildBy());
      this.root.append(tools);
    }

    legendItems() {
      const signs = this.marked.flatMap((found) => [...found.signs]);
      const limit = signs.filter(([, sign]) => sign.kind === "limit");
      const hollow = limit.some(([at]) => this.excluded.has(at));
      const { signal, past, target, spec, surface, point } = this.colours;
      const items = [];
      if (this.unsaved.size) {
        items.push(this.legendItem("legend_unsaved", ["circle", { cx: 7, cy: 7, r: 3.2, fill: surface, stroke: point, "stroke-width": 1.3 }]));
      }
      if (signs.some(([, sign]) => sign.kind === "run")) {
        items.push(this.legendItem("legend_run_end", ["rect", { x: 3, y: 3, width: 8, height: 8, fill: signal }]));
        items.push(this.legendItem("legend_run", ["circle", { cx: 7, cy: 7, r: 3.2, fill: surface, stroke: signal, "stroke-width": 1.8 }]));
      }
      if (limit.length) {
        const look = hollow ? { fill: surface, stroke: signal, "stroke-width": 1.5 } : { fill: signal };
        const word = hollow ? "legend_limit_excluded" : "legend_limit";
        items.push(this.legendItem(word, ["path", { d: "M7 1.5 12.5 7 7 12.5 1.5 7z", ...look }]));
      }
      if (!hollow && this.excluded.size) {
        items.push(this.legendItem("legend_excluded", ["circle", { cx: 7, cy: 7, r: 3.2, fill: surface, stroke: past, "stroke-width": 1.3 }]));
      }
      if (this.data.notes?.length) {
        const item = make("li", "", this.word("legend_note"));
        item.prepend(make("span", "key-letter", "A"));
        items.push(item);
      }
      const dash = (colour, gaps) => ["path", { d: "M0 7h14", stroke: colour, "stroke-width": 1.5, "stroke-dasharray": gaps }];
      if (number(this.data.target)) items.push(this.legendItem("legend_target", dash(target, "1.5 3")));
      if (number(this.data.spec?.lsl) || number(this.data.spec?.usl)) {
        items.push(this.legendItem("legend_spec", dash(spec, "6 3")));
      }
      if (this.data.decimated) items.push(make("li", "", this.word("legend_decimated")));
      return items;
    }

    /* The choice of a factor, and its levels as buttons that show and hide them. */
    buildBy() {
      const bar = make("div", "chart-by");
      const label = make("label", "", this.word("by"));
      const select = make("select", "form-select form-select-sm");
      select.append(new Option(this.word("by_nothing"), ""));
      for (const factor of this.data.factors) select.append(new Option(factor.name, factor.name));
      label.append(select);
      const levels = make("div", "chart-levels");
      levels.setAttribute("role", "group");
      const show = () => {
        levels.setAttribute("aria-label", this.by ?? this.word("by_nothing"));
        levels.replaceChildren(...(this.factor ? this.levelButtons() : []));
        for (const link of document.querySelectorAll("a[data-by]")) link.href = withBy(link.href, this.by);
      };
      select.addEventListener("change", () => {
        this.by = select.value || null;
        this.hidden.clear();
        window.history.replaceState(null, "", withBy(window.location.href, this.by));
        show();
        this.repaint();
      });
      if (!this.factor) this.by = null;
      select.value = this.by ?? "";
      show();
      bar.append(label, levels);
      return bar;
    }

    levelButtons() {
      const factor = this.factor;
      return strata.present(factor).map((code) => {
        const level = strata.name(factor, code, (key, values) => this.word(key, values));
        const button = make("button", "chart-level", level);
        button.type = "button";
        button.setAttribute("aria-pressed", "true");
        button.title = this.word("level_shown", { level });
        button.prepend(strata.key(factor, code));
        button.addEventListener("click", () => {
          const hide = !this.hidden.has(code);
          if (hide) this.hidden.add(code);
          else this.hidden.delete(code);
          button.setAttribute("aria-pressed", String(!hide));
          this.repaint();
        });
        return button;
      });
    }

    legendItem(word, [tag, attributes]) {
      const item = make("li", "", this.word(word));
      const svg = document.createElementNS(SVG, "svg");
      const drawn = document.createElementNS(SVG, tag);
      svg.setAttribute("viewBox", "0 0 14 14");
      svg.setAttribute("aria-hidden", "true");
      for (const [name, value] of Object.entries(attributes)) drawn.setAttribute(name, value);
      svg.append(drawn);
      item.prepend(svg);
      return item;
    }

    /* --- Events ----------------------------------------------------------------------------- */

    listen() {
      this.stage.addEventListener("keydown", (event) => this.key(event));
      this.stage.addEventListener("mouseleave", () => this.leave());
      this.stage.addEventListener("blur", () => this.leave());
      this.stage.addEventListener("click", () => {
        this.stage.focus({ preventScroll: true });
        if (this.here !== null) this.goToSignal();
      });
      this.stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
      if (this.listening) return;
      this.listening = true;
      new ResizeObserver(() => this.resize()).observe(this.root);
      /* A chart that htmx has taken off the page lets go of the document. */
      const onTheme = () => {
        if (this.root.isConnected) this.repaint();
        else document.removeEventListener("improve:theme", onTheme);
      };
      document.addEventListener("improve:theme", onTheme);
    }

    resize() {
      const width = this.root.clientWidth;
      if (!width || width === this.plots[0]?.width) return;
      this.plots.forEach((plot, index) => plot.setSize({ width, height: this.height(index) }));
    }

    /* At once, not with the next frame: printing follows on the heels of the theme. */
    repaint() {
      this.colours = marks.colours();
      this.levels = strata.colours();
      for (const plot of this.plots) plot.redraw(false);
      this.legend?.replaceChildren(...this.legendItems());
    }

    wheel(event) {
      if (this.compact || !(event.ctrlKey || document.activeElement === this.stage)) return;
      event.preventDefault();
      const plot = this.plots[0];
      const left = event.clientX - plot.over.getBoundingClientRect().left;
      this.zoomBy(event.deltaY > 0 ? 1.25 : 0.8, plot.posToVal(left, "x"));
    }

    key(event) {
      if (event.altKey || event.metaKey || event.ctrlKey) return;
      const last = this.data.x.values.length - 1;
      const at = this.here ?? (event.key === "ArrowLeft" ? last + 1 : -1);
      const moves = { ArrowLeft: at - 1, ArrowRight: at + 1, PageUp: at - 10, PageDown: at + 10, Home: 0, End: last };
      const panels = { ArrowUp: -1, ArrowDown: 1 };
      if (event.key in moves) {
        this.point(Math.min(last, Math.max(0, moves[event.key])), this.panel, true);
      } else if (event.key in panels && this.plots.length > 1) {
        const panel = Math.min(this.plots.length - 1, Math.max(0, this.panel + panels[event.key]));
        this.point(Math.max(0, this.here ?? last), panel, true);
      } else if ((event.key === "+" || event.key === "=") && !this.compact) this.zoomBy(0.6);
      else if (event.key === "-" && !this.compact) this.zoomBy(1 / 0.6);
      else if (event.key === "0" && !this.compact) this.reset.click();
      else if (event.key === "Enter" && this.here !== null) this.goToSignal();
      else if (event.key === "Escape") this.leave();
      else return;
      event.preventDefault();
    }
  }

  const startAll = () => {
    for (const root of document.querySelectorAll(".control-chart[data-src]:not([data-started])")) {
      root.dataset.started = "yes";
      new ControlChart(root).start();
    }
    for (const root of document.querySelectorAll(".control-chart[data-fed]:not([data-started])")) {
      root.dataset.started = "yes";
      const chart = new ControlChart(root);
      root.addEventListener("improve:chart-data", (event) => chart.feed(event.detail));
    }
  };
  document.addEventListener("improve:content", startAll);
  startAll();
})();
