
"use strict";
(function () {
  var dark = JSON.parse(document.getElementById("dark").textContent);
  var scheme = matchMedia("(prefers-color-scheme: dark)");
  var charts = [];

  // recolour swaps an option's light colours for their dark twins.
  function recolour(value) {
    if (typeof value === "string") return Object.hasOwn(dark, value) ? dark[value] : value;
    if (Array.isArray(value)) return value.map(recolour);
    if (value === null || typeof value !== "object") return value;
    var out = {};
    Object.keys(value).forEach(function (key) { out[key] = recolour(value[key]); });
    return out;
  }

  function draw(night) {
    charts.forEach(function (c) { c.chart.setOption(night ? recolour(c.option) : c.option, true); });
  }

  document.querySelectorAll("script[data-chart]").forEach(function (source) {
    var box = document.getElementById(source.dataset.chart);
    box.hidden = false;
    charts.push({ chart: echarts.init(box, null, { renderer: "svg" }), option: JSON.parse(source.textContent) });
  });
  draw(scheme.matches);
  scheme.addEventListener("change", function () { draw(scheme.matches); });
  addEventListener("beforeprint", function () { draw(false); }); // ink on white, whatever the screen
  addEventListener("afterprint", function () { draw(scheme.matches); });
})();
