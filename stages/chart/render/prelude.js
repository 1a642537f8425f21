// What ECharts expects of its surroundings, and the one function Go calls.
// Nothing here waits: a static chart has no animation, so a timer that never
// fires is the whole event loop.
var console = { log() {}, warn() {}, error() {} };
function setTimeout() { return 0; }
function clearTimeout() {}
function setInterval() { return 0; }
function clearInterval() {}
function requestAnimationFrame() { return 0; }
function cancelAnimationFrame() {}

// still takes out of an option what only a pointer can use; ECharts would
// otherwise write hover classes and a style sheet into the picture.
function still(option) {
  option.animation = false;
  delete option.tooltip;
  [].concat(option.legend || []).forEach(function (l) { l.selectedMode = false; l.silent = true; });
  [].concat(option.series || []).forEach(function (s) {
    s.silent = true;
    s.cursor = "default";
    s.emphasis = { disabled: true };
    if (s.markLine) { s.markLine.silent = true; s.markLine.emphasis = { disabled: true }; }
  });
  return option;
}

function draw(json, width, height) {
  echarts.setPlatformAPI({
    measureText: function (text, font) { return { width: measureText(text, font || "12px sans-serif") }; },
  });
  var chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: width, height: height });
  chart.setOption(still(JSON.parse(json)));
  var svg = chart.renderToSVGString({ useViewBox: true });
  chart.dispose();
  return svg;
}
