"use strict";
// Draws every chart to the width of its place, and again whenever the width changes. Colours are the page's own
// variables, so light, dark and print need no second drawing.
(() => {
  const specs = JSON.parse(document.getElementById("charts").textContent);
  const places = [...document.querySelectorAll("[data-chart]")];
  const widths = new Map();
  const PAPER = 700;

  async function draw(place, paper) {
    const width = paper ?? Math.floor(place.getBoundingClientRect().width);
    if (!width || widths.get(place) === width) return;
    widths.set(place, width);
    const spec = structuredClone(specs[place.dataset.chart]);
    spec.width = width;
    spec.config.font = getComputedStyle(document.body).fontFamily;
    spec.config.axisY.labelLimit = Math.min(260, Math.floor(width * 0.4));
    spec.config.legend.columns = width < 500 ? 2 : 5;
    spec.config.axisX = { ...spec.config.axisX, tickCount: Math.max(3, Math.min(10, Math.floor(width / 70))) };
    // `ast` interprets expressions, since the page's policy forbids eval.
    // Vega labels the element that it draws into. Drawing into an inner element keeps the label of this one.
    const inside = place.firstElementChild ?? place.appendChild(document.createElement("div"));
    await vegaEmbed(inside, spec, { actions: false, ast: true, renderer: "svg", tooltip: { theme: "custom" } });
  }

  async function drawAll(paper) {
    for (const place of places) await draw(place, paper);
    document.documentElement.dataset.drawn = String(places.length);
    performance.mark("drawn");
  }

  let waiting;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => drawAll(), 150);
  });
  // PAPER is the width of A4 between its margins: a chart of a wide window would have tiny words on paper. No timer
  // here, so drawing ends before the browser lays out the printed page.
  window.addEventListener("beforeprint", () => drawAll(PAPER));
  window.addEventListener("afterprint", () => drawAll());
  drawAll();
})();
