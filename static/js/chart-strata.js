/* Points told apart by a factor: one sign (shape and colour) for each level, on the canvas and in
   the legend. Colour is never alone: the eight shapes differ. Codes: 0 … for a level, one past the
   last for all further levels, -1 not given, -2 several levels in one point. */
"use strict";

window.ImproveStrata = (() => {
  const NAMES = ["a", "b", "c", "d"];
  const NOT_GIVEN = -1;
  const MIXED = -2;

  /* Paths in a box of 14 by 14 around (7, 7); stroked ones are drawn without a fill. */
  const SIGNS = [
    { d: "M7 3.4a3.6 3.6 0 1 0 0 7.2a3.6 3.6 0 1 0 0-7.2z", fill: true },
    { d: "M7 2.6 11.4 10.6H2.6z", fill: true },
    { d: "M7 2.4V11.6M2.4 7H11.6", fill: false },
    { d: "M2.6 3.4H11.4L7 11.4z", fill: true },
    { d: "M3.6 3.6 10.4 10.4M10.4 3.6 3.6 10.4", fill: false },
    { d: "M7 3a4 4 0 1 0 0 8a4 4 0 1 0 0-8z", fill: false },
    { d: "M2.6 5.2H11.4M2.6 8.8H11.4", fill: false },
    { d: "M7 2.6 11.4 10.6H2.6z", fill: false },
  ];
  const REST = { d: "M5.6 7a1.4 1.4 0 1 0 2.8 0a1.4 1.4 0 1 0-2.8 0z", fill: true };

  const sign = (factor, code) => (code >= 0 && code < factor.levels.length ? SIGNS[code % SIGNS.length] : REST);

  const colours = () => {
    const style = getComputedStyle(document.documentElement);
    return NAMES.map((letter) => style.getPropertyValue(`--level-${letter}`).trim());
  };

  const colour = (pen, factor, code) =>
    code >= 0 && code < factor.levels.length ? pen.levels[code % NAMES.length] : pen.colours.muted;

  /* Every point of a panel with the sign of its level; those of hidden levels only faintly. */
  const draw = (pen, values, panel, factor, hidden, scale) => {
    const { ctx, ratio } = pen;
    for (let i = 0; i < values.length; i += 1) {
      const value = panel.points[i];
      if (typeof value !== "number") continue;
      const code = factor.codes[i];
      const found = sign(factor, code);
      ctx.save();
      ctx.translate(pen.x(values[i]), pen.y(value));
      ctx.scale(ratio * scale, ratio * scale);
      ctx.translate(-7, -7);
      ctx.globalAlpha = hidden.has(code) ? 0.14 : 1;
      const path = new Path2D(found.d);
      if (found.fill) {
        ctx.fillStyle = colour(pen, factor, code);
        ctx.fill(path);
      } else {
        ctx.strokeStyle = colour(pen, factor, code);
        ctx.lineWidth = 2;
        ctx.stroke(path);
      }
      ctx.restore();
    }
  };

  /* Which codes occur, in the order of the legend: levels, further ones, mixed, not given. */
  const present = (factor) => {
    const codes = new Set(factor.codes);
    return [...codes].sort((a, b) => (a < 0 ? 100 - a : a) - (b < 0 ? 100 - b : b));
  };

  const name = (factor, code, word) => {
    if (code === NOT_GIVEN) return word("level_none");
    if (code === MIXED) return word("level_mixed");
    return factor.levels[code] ?? word("level_further", { n: factor.further });
  };

  /* For the legend: an SVG sign in the colour of the level. */
  const key = (factor, code) => {
    const found = sign(factor, code);
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("viewBox", "0 0 14 14");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", found.d);
    const known = code >= 0 && code < factor.levels.length;
    svg.classList.add("level-key", known ? `level-${NAMES[code % NAMES.length]}` : "level-rest");
    path.classList.add(found.fill ? "level-fill" : "level-stroke");
    svg.append(path);
    return svg;
  };

  return { colours, draw, key, name, present };
})();
