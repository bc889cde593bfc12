/* The marks of a control chart on a canvas: band, stepped limits, phases, line, points, signals,
   notes, labels. Each function draws one kind of mark for one panel and knows nothing of events.

   A pen is {ctx, ratio, x(value), y(value), box: {left, top, right, bottom}, colours, family};
   all lengths are given in CSS pixels and multiplied by pen.ratio here. */
"use strict";

window.ImproveMarks = (() => {
  const colours = () => {
    const style = getComputedStyle(document.documentElement);
    const read = (name) => style.getPropertyValue(name).trim();
    return {
      surface: read("--surface"), text: read("--text"), muted: read("--muted"), edge: read("--edge"),
      point: read("--chart-point"), past: read("--chart-past"), limit: read("--chart-limit"),
      band: read("--chart-band"), spec: read("--chart-spec"), signal: read("--signal"),
      signalText: read("--signal-text"), target: read("--stable"),
    };
  };

  const number = (value) => typeof value === "number" && Number.isFinite(value);

  const stroke = (pen, colour, width, dash = [], alpha = 1) => {
    const { ctx, ratio } = pen;
    ctx.strokeStyle = colour;
    ctx.lineWidth = width * ratio;
    ctx.setLineDash(dash.map((length) => length * ratio));
    ctx.globalAlpha = alpha;
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.setLineDash([]);
  };

  const font = (pen, size, weight = 400) => {
    pen.ctx.font = `${weight} ${size * pen.ratio}px ${pen.family}`;
  };

  const write = (pen, text, x, y, { size = 11, weight = 400, colour, align = "left", halo = false, plate = false }) => {
    const { ctx, ratio } = pen;
    font(pen, size, weight);
    if (plate) {
      const wide = ctx.measureText(text).width;
      ctx.fillStyle = pen.colours.surface;
      ctx.globalAlpha = 0.88;
      ctx.fillRect(x - 3 * ratio, y - (size / 2 + 2) * ratio, wide + 6 * ratio, (size + 4) * ratio);
      ctx.globalAlpha = 1;
    }
    ctx.textAlign = align;
    ctx.textBaseline = "middle";
    if (halo) {
      ctx.strokeStyle = pen.colours.surface;
      ctx.lineWidth = 3 * ratio;
      ctx.lineJoin = "round";
      ctx.strokeText(text, x, y);
    }
    ctx.fillStyle = colour;
    ctx.fillText(text, x, y);
  };

  const measure = (pen, text, size, weight = 400) => {
    font(pen, size, weight);
    return pen.ctx.measureText(text).width;
  };

  const cut = (pen, text, room, size, weight) => {
    if (measure(pen, text, size, weight) <= room) return text;
    let length = text.length;
    while (length > 1 && measure(pen, `${text.slice(0, length)}…`, size, weight) > room) length -= 1;
    return length > 1 ? `${text.slice(0, length).trimEnd()}…` : "";
  };

  /* Edges between points: a limit holds from half-way to the point before to half-way to the next. */
  const edges = (values) => {
    const last = values.length - 1;
    if (last < 1) return [values[0] - 0.5, values[0] + 0.5];
    const half = (values[1] - values[0]) / 2;
    const out = [values[0] - half];
    for (let i = 1; i <= last; i += 1) out.push((values[i - 1] + values[i]) / 2);
    out.push(values[last] + (values[last] - values[last - 1]) / 2);
    return out;
  };

  /* Runs of one level as [from edge, to edge, level], so that constant limits cost two points. */
  const steps = (levels, from, to) => {
    const out = [];
    for (let i = from; i <= to; i += 1) {
      const level = levels[i];
      const open = out[out.length - 1];
      if (!number(level)) continue;
      if (open && open[1] === i && open[2] === level) open[1] = i + 1;
      else out.push([i, i + 1, level]);
    }
    return out;
  };

  const stepPath = (pen, cuts, pieces) => {
    const { ctx } = pen;
    ctx.beginPath();
    pieces.forEach(([from, to, level], index) => {
      const joined = index > 0 && pieces[index - 1][1] === from;
      const y = pen.y(level);
      if (joined) ctx.lineTo(pen.x(cuts[from]), y);
      else ctx.moveTo(pen.x(cuts[from]), y);
      ctx.lineTo(pen.x(cuts[to]), y);
    });
  };

  /* The area between the limits as one shape per stretch with an upper limit, so that no seams show. */
  const band = (pen, cuts, panel, phase) => {
    const { ctx, box } = pen;
    ctx.fillStyle = pen.colours.band;
    ctx.globalAlpha = phase.current ? 1 : 0.65;
    const floor = (i) => (number(panel.lcl?.[i]) ? pen.y(panel.lcl[i]) : box.bottom);
    for (let from = phase.start; from <= phase.end; from += 1) {
      if (!number(panel.ucl?.[from])) continue;
      let to = from;
      while (to < phase.end && number(panel.ucl[to + 1])) to += 1;
      ctx.beginPath();
      for (let i = from; i <= to; i += 1) {
        ctx.lineTo(pen.x(cuts[i]), pen.y(panel.ucl[i]));
        ctx.lineTo(pen.x(cuts[i + 1]), pen.y(panel.ucl[i]));
      }
      for (let i = to; i >= from; i -= 1) {
        ctx.lineTo(pen.x(cuts[i + 1]), floor(i));
        ctx.lineTo(pen.x(cuts[i]), floor(i));
      }
      ctx.fill();
      from = to;
    }
    ctx.globalAlpha = 1;
  };

  const limits = (pen, cuts, panel, phase) => {
    const faint = phase.current ? 1 : 0.75;
    for (const [levels, width] of [[panel.ucl, 1.25], [panel.lcl, 1.25], [panel.center, 1]]) {
      stepPath(pen, cuts, steps(levels ?? [], phase.start, phase.end));
      stroke(pen, pen.colours.limit, width, [], faint);
    }
  };

  const zones = (pen, cuts, panel, phase) => {
    for (const part of [-2 / 3, -1 / 3, 1 / 3, 2 / 3]) {
      const levels = panel.center.map((center, i) => {
        const limit = part > 0 ? panel.ucl[i] : panel.lcl[i];
        return number(center) && number(limit) ? center + Math.abs(part) * (limit - center) : null;
      });
      stepPath(pen, cuts, steps(levels, phase.start, phase.end));
      stroke(pen, pen.colours.limit, 0.75, [1.5, 2.5], 0.8);
    }
  };

  const level = (pen, value, colour, width, dash) => {
    const { ctx, box } = pen;
    ctx.beginPath();
    ctx.moveTo(box.left, pen.y(value));
    ctx.lineTo(box.right, pen.y(value));
    stroke(pen, colour, width, dash);
  };

  const line = (pen, values, panel, phase) => {
    const { ctx } = pen;
    const last = Math.min(phase.end + 1, values.length);
    let open = false;
    ctx.beginPath();
    ctx.lineJoin = "round";
    for (let i = phase.start; i < last; i += 1) {
      const value = panel.points[i];
      if (!number(value)) {
        open = false;
        continue;
      }
      if (open) ctx.lineTo(pen.x(values[i]), pen.y(value));
      else ctx.moveTo(pen.x(values[i]), pen.y(value));
      open = true;
    }
    stroke(pen, phase.current ? pen.colours.point : pen.colours.past, 1.1, [], 0.62);
  };

  const points = (pen, values, panel, phase, radius, skip) => {
    const { ctx, ratio } = pen;
    ctx.fillStyle = phase.current ? pen.colours.point : pen.colours.past;
    ctx.beginPath();
    for (let i = phase.start; i <= Math.min(phase.end, values.length - 1); i += 1) {
      const value = panel.points[i];
      if (!number(value) || skip.has(i)) continue;
      const [x, y] = [pen.x(values[i]), pen.y(value)];
      ctx.moveTo(x + radius * ratio, y);
      ctx.arc(x, y, radius * ratio, 0, 2 * Math.PI);
    }
    ctx.fill();
  };

  const trail = (pen, values, panel, signal) => {
    const { ctx } = pen;
    ctx.beginPath();
    ctx.lineJoin = "round";
    ctx.lineCap = "round";
    for (let i = signal.first; i <= signal.last; i += 1) {
      if (!number(panel.points[i])) continue;
      ctx.lineTo(pen.x(values[i]), pen.y(panel.points[i]));
    }
    stroke(pen, pen.colours.signal, 5, [], 0.2);
    ctx.lineCap = "butt";
  };

  const ring = (pen, x, y, { radius = 2.6, colour, width = 1.5 }) => {
    const { ctx, ratio } = pen;
    ctx.beginPath();
    ctx.arc(x, y, radius * ratio, 0, 2 * Math.PI);
    ctx.fillStyle = pen.colours.surface;
    ctx.fill();
    stroke(pen, colour, width);
  };

  const shape = (pen, x, y, kind, hollow) => {
    const { ctx, ratio } = pen;
    const half = (kind === "limit" ? 5.5 : 3.9) * ratio;
    ctx.beginPath();
    if (kind === "limit") {
      ctx.moveTo(x, y - half);
      ctx.lineTo(x + half, y);
      ctx.lineTo(x, y + half);
      ctx.lineTo(x - half, y);
      ctx.closePath();
    } else {
      ctx.rect(x - half, y - half, 2 * half, 2 * half);
    }
    ctx.fillStyle = hollow ? pen.colours.surface : pen.colours.signal;
    ctx.fill();
    if (hollow) stroke(pen, pen.colours.signal, 1.5);
    else stroke(pen, pen.colours.surface, 1);
  };

  /* A signal around a point whose own sign says something else. */
  const around = (pen, x, y, kind) => {
    const { ctx, ratio } = pen;
    const half = (kind === "limit" ? 9.5 : 7) * ratio;
    ctx.beginPath();
    if (kind === "limit") {
      ctx.moveTo(x, y - half);
      ctx.lineTo(x + half, y);
      ctx.lineTo(x, y + half);
      ctx.lineTo(x - half, y);
      ctx.closePath();
    } else {
      ctx.rect(x - half, y - half, 2 * half, 2 * half);
    }
    stroke(pen, pen.colours.signal, 1.6);
  };

  const note = (pen, x, y, letter, foot) => {
    const { ctx, ratio } = pen;
    const half = 7.5 * ratio;
    ctx.beginPath();
    ctx.moveTo(x, y + half);
    ctx.lineTo(x, foot);
    stroke(pen, pen.colours.muted, 1, [2, 2.5], 0.8);
    ctx.beginPath();
    ctx.roundRect(x - half, y - half, 2 * half, 2 * half, 3 * ratio);
    ctx.fillStyle = pen.colours.surface;
    ctx.fill();
    stroke(pen, pen.colours.edge, 1);
    write(pen, letter, x, y + 0.5 * ratio, { size: 10, weight: 600, colour: pen.colours.text, align: "center" });
  };

  const change = (pen, x, top) => {
    const { ctx, box } = pen;
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, box.bottom);
    stroke(pen, pen.colours.muted, 1.5, [1.5, 3]);
  };

  return {
    around, band, change, colours, cut, edges, level, limits, line, measure, note, number, points, ring,
    shape, trail, write, zones,
  };
})();
