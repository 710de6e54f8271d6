// One figure: heading, sentence, chart, table of numbers, downloads; or a sentence on what failed.
// Charts of a page share one Vega runtime, one live region and one watcher of light and dark.

const shared = (globalThis.__equity ??= { vega: null, news: [], timer: 0, count: 0, turns: [], busy: false });

// ---------------------------------------------------------------- the runtime

function fromKernel(model) {
  return new Promise((resolve, reject) => {
    const answer = (message) => {
      if (message.type !== "runtime") return;
      model.off("msg:custom", answer);
      const url = URL.createObjectURL(new Blob([message.code], { type: "text/javascript" }));
      import(url).then((module) => resolve(module.default), reject);
    };
    model.on("msg:custom", answer);
    model.send({ type: "runtime?" });
  });
}

function runtime(model) {
  const there = globalThis.__equityRuntime; // an address, or on a published page what fetches it
  if (!shared.vega) {
    if (typeof there === "function") shared.vega = there();
    else if (there) shared.vega = import(there).then((module) => module.default, () => fromKernel(model));
    else shared.vega = fromKernel(model);
    shared.vega.catch(() => { shared.vega = null; }); // the next figure tries again
  }
  return shared.vega;
}

// ---------------------------------------------------------------- light and dark

const scheme = matchMedia("(prefers-color-scheme: dark)");

function isDark() {
  const chosen = document.documentElement.dataset.eqTheme;
  if (chosen) return chosen === "dark";
  const lab = document.body.dataset.jpThemeLight;
  if (!document.body.dataset.voila && lab) return lab === "false";
  return scheme.matches;
}

function onSchemeChange(act) {
  const watcher = new MutationObserver(act);
  watcher.observe(document.documentElement, { attributeFilter: ["data-eq-theme"] });
  watcher.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
  scheme.addEventListener("change", act);
  return () => { watcher.disconnect(); scheme.removeEventListener("change", act); };
}

const INK = {
  light: { text: "#1b1b1b", quiet: "#595959", line: "#8c8c8c", faint: "#e3e3e0", paper: "#ffffff" },
  dark: { text: "#f2f2f0", quiet: "#b8b8b4", line: "#8a8a86", faint: "#3a3a3a", paper: "#111111" },
};
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';

// ---------------------------------------------------------------- the chart

const isObject = (thing) => thing && typeof thing === "object" && !Array.isArray(thing);

function merge(...parts) {
  const out = {};
  for (const part of parts)
    for (const [key, value] of Object.entries(part ?? {}))
      out[key] = isObject(value) && isObject(out[key]) ? merge(out[key], value) : value;
  return out;
}

// The ink of a chart is ours, whatever its theme says; its marks keep their colours.
function inked(config, ink, background) {
  const axis = {
    labelColor: ink.text, titleColor: ink.quiet, domainColor: ink.line, tickColor: ink.line,
    gridColor: ink.faint,
  };
  const kept = structuredClone(config ?? {});
  for (const key of Object.keys(kept))
    if (key.startsWith("axis") && isObject(kept[key]))
      for (const name of Object.keys(axis)) delete kept[key][name];
  if (isObject(kept.text)) delete kept.text.fill;
  return merge(
    {
      font: FONT,
      axis: { labelFontSize: 13, titleFontSize: 13, titleFontWeight: "normal" },
      legend: { labelFontSize: 13, titleFontSize: 13, titleFontWeight: "normal" },
      header: { labelFontSize: 14, titleFontSize: 13, labelFontWeight: "bold" },
      text: { fontSize: 13 },
      view: { stroke: null },
    },
    kept,
    {
      background,
      axis,
      legend: { labelColor: ink.text, titleColor: ink.quiet },
      header: { labelColor: ink.text, titleColor: ink.quiet },
      title: { color: ink.text, subtitleColor: ink.quiet },
      text: { color: ink.text },
      rule: { color: ink.line },
    },
  );
}

function finished(model, width, ink, background) {
  const spec = structuredClone(model.get("spec"));
  if (spec.data?.name === "table")
    spec.datasets = { ...spec.datasets, table: structuredClone(model.get("data")) };
  spec.config = inked(spec.config, ink, background);
  if (spec.width === "container") {
    spec.width = width;
    spec.autosize = { type: "fit-x", contains: "padding" };
  }
  return spec;
}

const options = { mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false };

// ---------------------------------------------------------------- one picture after the other

function inView(fig) {
  const box = fig.getBoundingClientRect();
  return box.bottom > 0 && box.top < innerHeight;
}

// All at once would all be late: those in view come first, and the page is painted in between.
async function inTurn(fig, act) {
  if (!shared.turns.some((one) => one.fig === fig)) shared.turns.push({ fig, act });
  if (shared.busy) return;
  shared.busy = true;
  while (shared.turns.length) {
    await new Promise((painted) => setTimeout(painted));
    const at = shared.turns.findIndex((one) => inView(one.fig));
    const [next] = shared.turns.splice(Math.max(at, 0), 1);
    await next.act().catch(console.error);
  }
  shared.busy = false;
}

// ---------------------------------------------------------------- downloads

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function cell(value) {
  if (value === null || value === undefined) return "";
  let text = String(value);
  // a spreadsheet would run text that begins like a formula
  if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = "'" + text;
  return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
}

function csv(model) {
  const rows = model.get("rows"), all = [...model.get("columns")];
  if (!all.some((c) => c.key === "reason") && rows.some((r) => r.reason))
    all.push({ key: "reason", heading: "Why a figure is missing" });
  const lines = [all.map((c) => cell(c.heading)), ...rows.map((r) => all.map((c) => cell(r[c.key])))];
  const about = [
    model.get("source"), model.get("shown"), model.get("unfollowed"), model.get("fictional") ? "Fictional sample data" : "",
  ].filter(Boolean);
  if (about.length) lines.push([], ...about.map((line) => [cell(line)]));
  return "\ufeff" + lines.map((line) => line.join(",")).join("\r\n") + "\r\n";
}

function fileName(model, ending) {
  const page = document.body.dataset.voila
    ? decodeURIComponent(location.pathname).split("/").pop().replace(/\.ipynb$/, "") : "";
  const name = model.get("filename") + (model.get("fictional") ? "-fictional" : "");
  return (page && !name.startsWith(page) ? page + "-" + name : name) + ending;
}

// The kernel writes a workbook: its answer carries the file.
let tickets = 0;

function book(model) {
  const ticket = String(++tickets);
  return new Promise((resolve, reject) => {
    const end = (act, thing) => { clearTimeout(timer); model.off("msg:custom", answer); act(thing); };
    const answer = (message, buffers) => {
      if (message.type !== "xlsx" || message.ticket !== ticket) return;
      if (message.problem || !buffers?.length) end(reject, new Error(message.problem ?? "no file"));
      else end(resolve, new Blob([buffers[0]], { type: XLSX }));
    };
    const timer = setTimeout(() => end(reject, new Error("no answer")), 30000);
    model.on("msg:custom", answer);
    model.send({ type: "xlsx?", ticket });
  });
}
const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

// The table as it is read, for the clipboard: a sheet takes tabs for columns, and its own minus.
function tabbed(model) {
  const columns = model.get("columns").filter((c) => c.only !== "download");
  const field = (value, column, reason) => {
    const text = written(value, column, reason).replace(/\s+/g, " ").replaceAll("\u2212", "-");
    if (typeof value === "number") return text.replace(/,/g, "").replace(/^\+/, "");
    return /^[=+\-@]/.test(text) ? "'" + text : text;
  };
  const rows = model.get("rows").map((r) => columns.map((c) => field(r[c.key], c, r.reason)));
  const head = columns.map((c) => field(c.heading, { format: "text" }));
  return [head, ...rows].map((row) => row.join("\t")).join("\n") + "\n";
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { // no leave to, or a page that is not on a safe address: the old way
    const box = document.createElement("textarea");
    box.value = text;
    box.className = "eq-offstage";
    const before = document.activeElement;
    document.body.append(box);
    box.select();
    const done = document.execCommand("copy");
    box.remove();
    before?.focus();
    return done;
  }
}

function tell(place, words) {
  place.textContent = words;
  setTimeout(() => { if (place.textContent === words) place.textContent = ""; }, 6000);
}

function wrapped(text, width, size, weight = "normal") {
  const ruler = document.createElement("canvas").getContext("2d");
  ruler.font = `${weight} ${size}px ${FONT}`;
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const longer = (lines[lines.length - 1] + " " + word).trim();
    if (lines[lines.length - 1] && ruler.measureText(longer).width > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

// A drawing by itself says what it is called and what it shows, to whoever cannot see it.
function named(svg, model) {
  const safe = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const words = `<title>${safe(model.get("title"))}</title><desc>${safe(model.get("description"))}</desc>`;
  return svg.replace(/<svg[^>]*>/, (open) => open + words);
}

// An image leaves the page: it carries its heading, sentence and source, dark on white.
async function image(model, kind) {
  const { vegaEmbed } = await runtime(model);
  const width = 860, padding = 24;
  const host = document.createElement("div");
  host.className = "eq-offstage";
  host.setAttribute("aria-hidden", "true");
  document.body.append(host);
  const spec = finished(model, width, INK.light, INK.light.paper);
  const inner = width - 2 * padding - 4; // a ruler is not as exact as what it measures
  const below = ["shown", "unfollowed", "summary", "notes", "source"].map((name) => model.get(name)).filter(Boolean);
  if (model.get("fictional") && !/fictional/i.test(below.join(" "))) below.push("Fictional sample data");
  spec.title = {
    text: wrapped(model.get("title"), inner, 20, "bold"), anchor: "start", frame: "bounds",
    font: FONT, fontSize: 20, fontWeight: "bold", lineHeight: 25, offset: 18,
    subtitle: below.flatMap((text) => wrapped(text, inner, 13)), subtitleFont: FONT,
    subtitleFontSize: 13, subtitlePadding: 8, subtitleLineHeight: 18,
  };
  spec.padding = padding;
  try {
    const result = await vegaEmbed(host, spec, { ...options, tooltip: false });
    try {
      if (kind === "svg") {
        save(new Blob([named(await result.view.toSVG(), model)], { type: "image/svg+xml" }), fileName(model, ".svg"));
      } else {
        const canvas = await result.view.toCanvas(2);
        const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
        save(blob, fileName(model, ".png"));
      }
    } finally {
      result.finalize();
    }
  } finally {
    host.remove();
  }
}

// ---------------------------------------------------------------- the table

const number = (digits) =>
  new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const whole = number(0), one = number(1), two = number(2);
// two significant digits below 1: 0.046 is not 0.0
const tiny = (v) => number(Math.min(1 - Math.floor(Math.log10(Math.abs(v))), 6));

const FORMATS = {
  text: (v) => String(v),
  flag: (v) => (v ? "yes" : "no"),
  whole: (v) => whole.format(v),
  number: (v) => (Number.isInteger(v) ? whole.format(v) : one.format(v)),
  ratio: (v) => two.format(v),
  percent: (v) => (v && Math.abs(100 * v) < 0.995 ? tiny(100 * v) : one).format(100 * v) + "%",
  points: (v) => (v > 0 ? "+" : v < 0 ? "\u2212" : "") + one.format(Math.abs(100 * v)),
  per_thousand: (v) => one.format(1000 * v),
  p: (v) => (v < 0.001 ? "under .001" : v > 0.999 ? "over .999" : v.toFixed(3).replace(/^0/, "")),
};

// What is hidden to protect people says so in one word; what the word means stands below the table.
const HIDDEN = /^Hidden: */;

function written(value, column, reason) {
  if (value === null || value === undefined) {
    if (column.format === "text") return "";
    return HIDDEN.test(reason ?? "") ? "hidden" : reason || "not computed";
  }
  if (typeof value !== "number" && !["text", "flag"].includes(column.format)) return String(value);
  return (FORMATS[column.format] ?? FORMATS.text)(value);
}

function meaning(rows) {
  const reason = rows.find((r) => HIDDEN.test(r.reason ?? ""))?.reason;
  return reason ? `hidden: ${reason.replace(HIDDEN, "")}.` : "";
}

function listed(model) {
  const all = model.get("columns");
  const columns = all.filter((c) => c.only !== "download");
  const more = all.length - columns.length;
  const files = model.get("answers") === false ? "The CSV file has" : "The CSV and Excel files have";
  const table = document.createElement("table");
  const caption = document.createElement("span"); // as wide as the box, not as the table
  caption.textContent =
    model.get("title") + (more ? `. ${files} ${more} more column${more > 1 ? "s" : ""}.` : "");
  table.createCaption().append(caption);
  const head = table.createTHead().insertRow();
  for (const column of columns) {
    const th = document.createElement("th");
    th.scope = "col";
    th.textContent = column.heading;
    if (!["text", "flag"].includes(column.format)) th.className = "eq-number";
    head.append(th);
  }
  const parts = columns.findIndex((c) => !["stratum", "benchmark", "stage", "group"].includes(c.key));
  const headers = parts < 0 ? columns.length : Math.max(1, parts);
  const body = table.createTBody();
  for (const row of model.get("rows")) {
    const tr = body.insertRow();
    columns.forEach((column, i) => {
      const td = document.createElement(i < headers ? "th" : "td");
      if (i < headers) td.scope = "row";
      const value = row[column.key];
      td.textContent = written(value, column, row.reason);
      const isNumber = !["text", "flag"].includes(column.format);
      if (isNumber) td.className = value === null || value === undefined ? "eq-missing" : "eq-number";
      tr.append(td);
    });
  }
  return table;
}

// On paper nothing scrolls: a table is set in the largest type in which it fits, if there is one.
const PAPER = 650; // what a sheet of A4 or Letter has between its margins, in pixels
const TYPE = [8.5, 7.5, 6.5];

function onPaper(box) {
  const table = box.querySelector("table");
  if (!table) return true;
  box.classList.add("eq-paper");
  box.style.width = PAPER + "px";
  const fits = TYPE.some((size) => {
    box.style.setProperty("--eq-type", size + "pt");
    return table.offsetWidth <= PAPER;
  });
  box.style.width = "";
  if (!fits) box.classList.remove("eq-paper");
  return fits;
}

// ---------------------------------------------------------------- one picture, one alternative

// The heading above the picture has been read by then.
function alternative(title, words) {
  const rest = title && words.startsWith(title) ? words.slice(title.length).replace(/^[\s.:;,]+/, "") : words;
  return rest || words || title;
}

// A screen reader stops once at a chart, not at each of its marks: the table has them all.
function asOne(plot, words) {
  for (const inner of plot.querySelectorAll("[role]:not(svg *)"))
    for (const name of ["role", "aria-roledescription", "aria-label"]) inner.removeAttribute(name);
  plot.removeAttribute("aria-roledescription");
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-label", words);
  plot.querySelector("svg")?.setAttribute("aria-hidden", "true");
}

// ---------------------------------------------------------------- saying what changed

const TOLD = 3; // figures that are named; the others are counted

function announce(fig, words) {
  if (!words) return;
  shared.news = shared.news.filter((n) => n.fig !== fig);
  shared.news.push({ fig, words });
  clearTimeout(shared.timer);
  let region = document.getElementById("eq-live");
  if (!region) {
    region = document.createElement("div");
    region.id = "eq-live";
    region.className = "eq-sr";
    region.setAttribute("role", "status");
    document.body.append(region);
  }
  region.textContent = ""; // the same words again are news too
  shared.timer = setTimeout(() => {
    const seen = (n) => inView(n.fig);
    // the one that is looked at comes first
    const news = [...shared.news.filter(seen), ...shared.news.filter((n) => !seen(n))];
    shared.news = [];
    const said = news.slice(0, TOLD).map((n) => n.words.replace(/[.?!]?$/, (end) => end || "."));
    const others = news.length - said.length;
    if (others) said.push(`${others} other ${others > 1 ? "figures" : "figure"} updated.`);
    region.textContent = "Updated: " + said.join(" ");
  }, 300);
}

// ---------------------------------------------------------------- putting it together

const FRAME = `
<figcaption>
  <h3 class="eq-title"></h3>
  <p class="eq-scope"><span class="eq-shown"></span> <span class="eq-unfollowed"></span></p>
  <p class="eq-summary"></p>
</figcaption>
<p class="eq-work" aria-hidden="true"><span>Computing\u2026</span></p>
<p class="eq-problem" role="alert" hidden></p>
<p class="eq-absent" hidden></p>
<div class="eq-chart"></div>
<div class="eq-below">
  <p class="eq-notes"></p>
  <div class="eq-tools" role="group">
    <span class="eq-tools-name" aria-hidden="true">Download</span>
    <button type="button" data-kind="xlsx">Excel</button>
    <button type="button" data-kind="csv">CSV</button>
    <button type="button" data-kind="png">PNG</button>
    <button type="button" data-kind="svg">SVG</button>
    <span class="eq-told" role="status"></span>
  </div>
</div>
<details class="eq-details">
  <summary>Show the numbers</summary>
  <p class="eq-copy"><button type="button" data-kind="copy">Copy the table</button>
    <span class="eq-copied" role="status"></span></p>
  <div class="eq-table" role="group" tabindex="0"></div>
  <p class="eq-means" hidden></p>
  <p class="eq-from"></p>
</details>
<p class="eq-elsewhere" hidden></p>`;
const ELSEWHERE = "This table is too wide for paper: the numbers are in the CSV.";

function render({ model, el }) {
  // on a published page the figure is there already: it stays as it is until something changes
  const there = el.querySelector("figure.eq-figure");
  const fig = there ?? document.createElement("figure");
  if (!there) {
    fig.className = "eq-figure";
    fig.innerHTML = FRAME;
    el.append(fig);
  }
  fig.dataset.eqFollows = model.get("follows").join(" ");
  const part = (name) => fig.querySelector(".eq-" + name);
  const title = part("title"), summary = part("summary"), problem = part("problem");
  const chart = part("chart"), details = part("details"), table = part("table");
  const id = (title.id ||= "eq-" + ++shared.count);
  part("absent").id = id + "-absent";
  table.setAttribute("aria-labelledby", id);
  part("tools").setAttribute("aria-label", "Download");
  for (const button of fig.querySelectorAll("[data-kind]")) {
    if (button.dataset.kind !== "copy") button.setAttribute("aria-label", `Download ${button.textContent}`);
    button.setAttribute("aria-describedby", id);
  }

  let result = null; // the embedded chart
  let drawn = null; // what it was drawn from
  let ticket = 0;
  let closed = false;

  const still = () => chart.querySelector(".eq-still"); // drawn when the page was written
  const hasChart = () => Object.keys(model.get("spec")).length > 0;

  function texts() {
    const absent = model.get("absent");
    const failed = model.get("problem") || absent;
    const name = model.get("title");
    fig.setAttribute("aria-labelledby", name || !absent ? id : id + "-absent");
    fig.classList.toggle("eq-without", !!absent);
    title.textContent = name;
    title.hidden = !name;
    for (const which of ["shown", "unfollowed"]) {
      part(which).textContent = model.get(which);
      part(which).hidden = !model.get(which);
    }
    part("scope").hidden = !!failed || !(model.get("shown") || model.get("unfollowed"));
    summary.textContent = model.get("summary");
    summary.hidden = !model.get("summary") || !!failed;
    part("notes").textContent = model.get("notes");
    part("notes").hidden = !model.get("notes");
    part("from").textContent = model.get("source");
    part("from").hidden = !model.get("source");
    part("means").textContent = meaning(model.get("rows"));
    part("means").hidden = !part("means").textContent;
    const wrong = model.get("problem");
    if (problem.textContent !== wrong) problem.textContent = wrong;
    problem.hidden = !wrong;
    part("absent").textContent = absent;
    part("absent").hidden = !absent;
    chart.hidden = !!failed || !hasChart();
    part("below").hidden = !!failed || !model.get("columns").length;
    details.hidden = !!failed || !model.get("columns").length;
    for (const button of fig.querySelectorAll("[data-kind]")) {
      const kind = button.dataset.kind;
      if (kind === "xlsx") button.hidden = model.get("answers") === false; // the kernel writes it
      else button.hidden = ["png", "svg"].includes(kind) && !hasChart();
    }
    // a table without a chart is the figure itself
    if (!hasChart() && !failed && !fig.classList.contains("eq-alone")) {
      fig.classList.add("eq-alone");
      details.open = true;
      fig.append(part("below"));
    }
    const plot = chart.querySelector(".eq-plot");
    if (plot) asOne(plot, alternative(name, model.get("description") || model.get("summary")));
  }

  function list() {
    if (details.open) table.replaceChildren(listed(model));
  }

  function scrollable() {
    if (chart.scrollWidth > chart.clientWidth + 1) {
      chart.tabIndex = 0;
      chart.setAttribute("role", "group");
      chart.setAttribute("aria-label", "Chart, wider than the screen");
    } else {
      chart.removeAttribute("tabindex");
      chart.removeAttribute("role");
      chart.removeAttribute("aria-label");
    }
  }

  function draw() {
    fig.dataset.eqScheme = isDark() ? "dark" : "light"; // its words at once, its picture in its turn
    inTurn(fig, drawNow);
  }

  async function drawNow() {
    if (model.get("problem") || model.get("absent") || !hasChart() || !chart.clientWidth) return;
    const mine = ++ticket;
    const ink = isDark() ? INK.dark : INK.light;
    const now = { spec: JSON.stringify(model.get("spec")), ink };
    if (result && drawn.spec === now.spec && drawn.ink === ink) {
      result.view.data("table", structuredClone(model.get("data")));
      await result.view.runAsync();
    } else {
      const host = document.createElement("div");
      host.className = "eq-plot eq-coming";
      try {
        const { vegaEmbed } = await runtime(model);
        if (mine !== ticket || closed) return;
        chart.append(host);
        const next = await vegaEmbed(host, finished(model, chart.clientWidth, ink, "transparent"), {
          ...options, tooltip: { // where there is no kernel, the page has a sheet for it and takes no other
            theme: isDark() ? "dark" : "light", disableDefaultStyle: model.get("answers") === false,
          },
        });
        if (mine !== ticket || closed) { next.finalize(); host.remove(); return; }
        result?.finalize();
        result = next;
        drawn = now;
        host.className = "eq-plot";
        for (const form of host.querySelectorAll("form:empty")) form.remove(); // of Vega's making
        chart.replaceChildren(host);
      } catch (error) {
        host.remove();
        console.error(error);
        if (mine !== ticket || closed) return;
        still()?.remove(); // it shows something else by now
        problem.textContent = "This chart could not be drawn. The numbers below are complete.";
        problem.hidden = false;
        return;
      }
    }
    texts();
    scrollable();
    fig.dataset.eqDrawn = String(1 + Number(fig.dataset.eqDrawn ?? 0));
  }

  let planned = false;
  function changed() {
    if (planned) return;
    planned = true;
    queueMicrotask(() => {
      planned = false;
      texts();
      list();
      draw();
      if (!model.get("problem") && !model.get("quiet")) announce(fig, model.get("title") || model.get("absent"));
    });
  }

  // what takes long says so: to a screen reader at once, to the eye where it is not over at once
  let slow = 0;
  function work() {
    clearTimeout(slow);
    const busy = model.get("busy");
    if (busy) slow = setTimeout(() => fig.classList.add("eq-working"), 300);
    else fig.classList.remove("eq-working");
    if (busy) fig.setAttribute("aria-busy", "true");
    else fig.removeAttribute("aria-busy");
  }

  // a page opens with its figures hidden; they are drawn when they get a width, and follow it
  let width = 0;
  const sizes = new ResizeObserver(() => {
    if (!chart.clientWidth || chart.clientWidth === width) return;
    width = chart.clientWidth;
    if (!result) return void (still() || draw());
    if (model.get("spec").width === "container")
      result.view.width(width).runAsync().then(() => { texts(); scrollable(); });
  });
  sizes.observe(chart);

  // the kernel draws first what is looked at
  const views = new IntersectionObserver((seen) => {
    const now = seen[seen.length - 1].isIntersecting;
    if (model.get("answers") === false || now === model.get("in_view")) return;
    model.set("in_view", now);
    model.save_changes();
  });
  views.observe(fig);

  fig.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-kind]");
    if (!button || button.getAttribute("aria-disabled")) return;
    if (button.dataset.kind === "csv") {
      const text = csv(model);
      save(new Blob([text], { type: "text/csv;charset=utf-8" }), fileName(model, ".csv"));
    } else if (button.dataset.kind === "copy") {
      tell(part("copied"), (await copied(tabbed(model)))
        ? "Copied. Paste it into a sheet or a document." : "This browser does not let a page copy. Select the table instead.");
    } else {
      button.setAttribute("aria-disabled", "true"); // and keeps the focus
      try {
        if (button.dataset.kind === "xlsx") save(await book(model), fileName(model, ".xlsx"));
        else await image(model, button.dataset.kind);
      } catch (error) {
        console.error(error);
        tell(part("told"), "This file could not be made. The CSV has all the numbers.");
      } finally {
        button.removeAttribute("aria-disabled");
      }
    }
  });
  // a minus sign is set as a sign; what is pasted is to be a number
  table.addEventListener("copy", (event) => {
    const text = getSelection().toString();
    if (!text.includes("\u2212")) return;
    event.clipboardData.setData("text/plain", text.replaceAll("\u2212", "-"));
    event.preventDefault();
  });
  details.addEventListener("toggle", list);

  let wasOpen = false;
  const beforePrint = () => {
    wasOpen = details.open;
    details.open = true;
    list();
    const fits = details.hidden || onPaper(table);
    details.open = fits;
    part("elsewhere").textContent = `${ELSEWHERE} ${model.get("source")}`.trim();
    part("elsewhere").hidden = fits;
  };
  const afterPrint = () => {
    details.open = wasOpen;
    table.classList.remove("eq-paper");
    part("elsewhere").hidden = true;
  };
  addEventListener("beforeprint", beforePrint);
  addEventListener("afterprint", afterPrint);

  const names = ["spec", "data", "rows", "columns", "title", "summary", "description", "notes",
    "source", "shown", "problem", "absent", "answers"].map((name) => "change:" + name);
  for (const name of names) model.on(name, changed);
  model.on("change:unfollowed", texts); // the figure is as it was: no news
  model.on("change:busy", work);
  const asked = (message) => message.type === "draw" && draw();
  model.on("msg:custom", asked);
  const ignore = onSchemeChange(() => still() || draw());

  texts();
  list();
  if (!still()) draw();
  return () => {
    closed = true;
    for (const name of names) model.off(name, changed);
    model.off("change:unfollowed", texts);
    model.off("change:busy", work);
    model.off("msg:custom", asked);
    clearTimeout(slow);
    removeEventListener("beforeprint", beforePrint);
    removeEventListener("afterprint", afterPrint);
    ignore();
    sizes.disconnect();
    views.disconnect();
    result?.finalize();
  };
}
export default { render };
