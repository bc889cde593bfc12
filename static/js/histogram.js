/* Capability histogram as an inline SVG: <div class="histogram" data-json="id of a json_script">
   or data-src="…".

   Payload: bins [{from, to, count}], within {mean, sigma} | null, overall {mean, sigma} | null,
     n (values counted), lsl, usl, target (or null), decimals, unit,
     words {title, within, overall, target ("target {value}")} (English where missing). */
"use strict";

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const WORDS = { title: "Histogram", within: "within", overall: "overall", target: "target {value}" };
  const SIZE = { width: 360, height: 186, top: 34, left: 12, right: 12, bottom: 24 };

  const draw = (parent, tag, attributes, text) => {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text) element.textContent = text;
    parent.append(element);
    return element;
  };

  const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

  /* A round step that gives five to nine ticks. */
  const niceStep = (span) => {
    const rough = span / 8;
    const power = 10 ** Math.floor(Math.log10(rough));
    return [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) * power;
  };

  const extent = (data) => {
    const values = [data.lsl, data.usl, data.target].filter(isNumber);
    for (const bin of data.bins) values.push(bin.from, bin.to);
    for (const curve of [data.within, data.overall]) {
      if (curve?.sigma > 0) values.push(curve.mean - 3.4 * curve.sigma, curve.mean + 3.4 * curve.sigma);
    }
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const atZero = Math.min(...data.bins.map((bin) => bin.from)) >= 0 && low < 0;
    const pad = (high - low || 1) * 0.06;
    return [atZero ? 0 : low - pad, high + pad];
  };

  const density = ({ mean, sigma }, x) =>
    Math.exp(-0.5 * ((x - mean) / sigma) ** 2) / (sigma * Math.sqrt(2 * Math.PI));

  const curvePath = (curve, low, high, share, x, y) => {
    const count = 120;
    let path = "";
    for (let i = 0; i <= count; i += 1) {
      const value = low + ((high - low) * i) / count;
      path += `${i ? "L" : "M"}${x(value).toFixed(1)} ${y(share * density(curve, value)).toFixed(1)}`;
    }
    return path;
  };

  const build = (root, data) => {
    const words = { ...WORDS, ...data.words };
    const language = document.documentElement.lang || "en";
    const text = (value) => value.toLocaleString(language, { maximumFractionDigits: 6 }).replace("-", "−");
    const fixed = (value) => value.toFixed(data.decimals ?? 1).replace("-", "−");
    const [low, high] = extent(data);
    const right = SIZE.width - SIZE.right;
    const floor = SIZE.height - SIZE.bottom;
    const x = (value) => SIZE.left + ((value - low) / (high - low)) * (right - SIZE.left);
    const curves = [data.within, data.overall].filter((curve) => curve?.sigma > 0);
    const share = (bin) => data.n * (bin.to - bin.from);
    const width = data.bins.length ? data.bins[0].to - data.bins[0].from : 1;
    const peaks = curves.map((curve) => data.n * width * density(curve, curve.mean));
    const most = Math.max(1, ...data.bins.map((bin) => (bin.count * width) / (share(bin) / data.n)), ...peaks);
    const y = (count) => floor - (count / most) * (floor - SIZE.top);

    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${SIZE.width} ${SIZE.height}`);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", words.title);
    for (const bin of data.bins) {
      const [from, to, top] = [x(bin.from), x(bin.to), y(bin.count)];
      const bar = { class: "hist-bar", x: from + 0.5, y: top, width: Math.max(0.5, to - from - 1), height: floor - top };
      draw(draw(svg, "rect", bar), "title", {}, `${text(bin.from)} – ${text(bin.to)}: ${bin.count}`);
    }
    draw(svg, "path", { class: "hist-axis", d: `M${SIZE.left} ${floor}H${right}` });
    const step = niceStep(high - low);
    for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) {
      draw(svg, "text", { class: "hist-tick", x: x(tick), y: floor + 15 }, text(Number(tick.toPrecision(12))));
    }
    for (const [curve, name] of [[data.overall, "hist-overall"], [data.within, "hist-within"]]) {
      if (!(curve?.sigma > 0)) continue;
      draw(svg, "path", { class: name, d: curvePath(curve, low, high, data.n * width, x, y) });
    }
    for (const [value, label] of [[data.lsl, "LSL"], [data.usl, "USL"]]) {
      if (!isNumber(value)) continue;
      draw(svg, "path", { class: "hist-spec", d: `M${x(value)} 16V${floor}` });
      draw(svg, "text", { class: "hist-spec-label", x: x(value), y: 10 }, `${label} ${fixed(value)}`);
    }
    if (isNumber(data.target)) {
      draw(svg, "path", { class: "hist-target", d: `M${x(data.target)} ${SIZE.top - 14}V${floor}` });
      const label = words.target.replace("{value}", fixed(data.target));
      draw(svg, "text", { class: "hist-label", x: x(data.target), y: SIZE.top - 18 }, label);
    }
    root.replaceChildren(svg, legend(words, data));
  };

  const legend = (words, data) => {
    const list = document.createElement("ul");
    list.className = "chart-legend";
    for (const name of ["within", "overall"]) {
      if (!(data[name]?.sigma > 0)) continue;
      const item = document.createElement("li");
      const svg = draw(item, "svg", { viewBox: "0 0 14 14", "aria-hidden": "true" });
      draw(svg, "path", { class: `hist-${name}`, d: "M-2 7h18" });
      item.append(words[name]);
      list.append(item);
    }
    return list;
  };

  const load = async (root) => {
    if (root.dataset.json) return JSON.parse(document.getElementById(root.dataset.json).textContent);
    const answer = await fetch(root.dataset.src, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return answer.json();
  };

  const startAll = () => {
    for (const root of document.querySelectorAll(".histogram:not([data-started])")) {
      root.dataset.started = "yes";
      load(root)
        .then((data) => data.bins.length && build(root, data))
        .catch(() => root.classList.add("chart-failed"));
    }
  };
  document.addEventListener("improve:content", startAll);
  startAll();
})();
