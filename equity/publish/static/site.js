// A published page: what panel.js draws, fed from states that were worked out beforehand.
// The page is complete without this; it adds choices, downloads and links that keep the choices.
// (One script with panel.js and states.js: `render`, `onPaper`, `copied`, `tell` are from the one, what
// fetches states and keeps choices from the other.)

const page = globalThis.__equityPage;
const root = document.documentElement;

// ---------------------------------------------------------------- the figures of the page

const panels = {};
for (const el of document.querySelectorAll("[data-panel]")) {
  const pid = el.dataset.panel;
  panels[pid] = { pid, el, figure: el.firstElementChild, model: null, waking: null, said: "", number: page.panels[pid].states[""], ticket: 0 };
}
for (const el of document.querySelectorAll("[data-note]"))
  panels[el.dataset.note] = { pid: el.dataset.note, el, note: true, said: "", number: page.panels[el.dataset.note].states[""], ticket: 0 };

// The figure that stands in the page gets its life: from here on panel.js has it.
function wake(panel) {
  return (panel.waking ??= stateOf(page, panel.pid, panel.number).then((state) => {
    panel.model = new Model({ ...state, unfollowed: [state.unfollowed, panel.said].filter(Boolean).join(" ") });
    render({ model: panel.model, el: panel.el });
    return panel.model;
  }, (error) => { panel.waking = null; throw error; }));
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-kind]");
  const panel = button && panels[button.closest("[data-panel]")?.dataset.panel];
  if (!panel || panel.model) return;
  try {
    await wake(panel);
    button.click();
  } catch (error) {
    console.error(error);
    tell(button.parentElement.querySelector('[role="status"]'), "The figures did not come. Try again in a moment.");
  }
});

// ---------------------------------------------------------------- choices

const made = choicesOf(page);
const { ids, chosen, offer, wordsOf, isAway, sentence, choose, nearest, aside } = made;
const box = (id) => document.getElementById(id);

function show() {
  for (const id of ids) {
    const select = box(id);
    if (!select) continue;
    made.fill(select, id);
  }
  for (const bar of document.querySelectorAll(".eq-choices")) {
    const there = [...bar.querySelectorAll("select")].filter((s) => !s.closest("[hidden]"));
    bar.hidden = !there.length;
    const said = there.map((s) => sentence(s.id, wordsOf(s.id, chosen[s.id])));
    bar.querySelector(".eq-made").textContent = said.length ? `Shown: ${said.join("; ")}.` : "";
  }
}

const inSight = (el) => {
  const { top, bottom } = el.getBoundingClientRect();
  return bottom > -200 && top < innerHeight + 200;
};

async function turn(panel, number, said, quiet) {
  const mine = ++panel.ticket;
  const old = { number: panel.number, said: panel.said };
  Object.assign(panel, { number, said });
  if (panel.note) {
    const { html } = await stateOf(page, panel.pid, number);
    if (mine === panel.ticket) panel.el.innerHTML = html;
    return;
  }
  const figure = panel.figure;
  figure.setAttribute("aria-busy", "true");
  const slow = setTimeout(() => figure.classList.add("eq-working"), 300);
  try {
    if (!panel.model) { // it opens as it stands, and changes from there
      panel.number = old.number; panel.said = old.said;
      await wake(panel);
      if (mine !== panel.ticket) return;
      Object.assign(panel, { number, said });
    }
    const state = await stateOf(page, panel.pid, number);
    if (Object.keys(state.spec).length && !state.absent) await vega().catch(() => {}); // panel.js says so
    if (mine !== panel.ticket) return;
    const { spec, ...rest } = state;
    panel.failed = false;
    panel.model.take({ ...rest, spec, quiet, unfollowed: [state.unfollowed, said].filter(Boolean).join(" ") });
  } catch (error) {
    console.error(error);
    if (mine !== panel.ticket) return;
    Object.assign(panel, old, { failed: true }); // the next choice tries again
    const problem = "These figures did not come. Choose again in a moment.";
    if (panel.model) panel.model.take({ problem });
    else { figure.querySelector(".eq-problem").textContent = problem; figure.querySelector(".eq-problem").hidden = false; }
  } finally {
    clearTimeout(slow);
    if (mine === panel.ticket) { figure.classList.remove("eq-working"); figure.removeAttribute("aria-busy"); }
  }
}

let round = 0;

// What is looked at changes first; the rest follows one by one, so that a phone is not swamped.
async function follow() {
  const mine = ++round;
  const due = Object.values(panels).map((panel) => {
    const { number, left } = nearest(panel.pid);
    return { panel, number, said: aside(panel.pid, left) };
  }).filter(({ panel, number, said }) => panel.failed || panel.number !== number || panel.said !== said);
  const seen = due.filter(({ panel }) => inSight(panel.el));
  await Promise.all(seen.map(({ panel, number, said }) => turn(panel, number, said, false)));
  const rest = due.filter((one) => !seen.includes(one));
  for (const { panel, number, said } of rest) {
    if (mine !== round) return;
    await turn(panel, number, said, true);
    await new Promise((done) => setTimeout(done, 0));
  }
  for (const { panel } of rest) // told all at once, when all are done
    if (panel.model && mine === round) announce(panel.figure, panel.model.get("title") || panel.model.get("absent"));
}

document.addEventListener("change", (event) => {
  const id = event.target.id;
  if (!(id in page.choices)) return;
  for (const place of document.querySelectorAll(".eq-missed")) place.textContent = "";
  choose(id, event.target.value);
  show();
  write();
  follow();
});

// ---------------------------------------------------------------- the address

let section = ""; // what the address points at

const address = (of) => made.address(of ? [["s", of]] : []).toString();

let written = null;
function write() {
  const text = address(section);
  written = text ? "#" + text : "";
  try {
    history.replaceState(null, "", location.pathname + location.search + written);
  } catch { // an address that a page may not change: a file on some systems
    if (text) location.hash = text;
  }
}

function go(id) {
  const heading = box(`${id}-title`);
  heading?.focus({ preventScroll: true });
  box(id)?.scrollIntoView();
}

function read() {
  const text = location.hash.slice(1);
  if (!text.includes("=")) {
    const id = plain(text);
    section = page.sections.includes(id) ? id : "";
    lacks(text && !box(id) ? [`This page has no section named ${shortened(id)}.`] : []);
    return;
  }
  const words = [...new URLSearchParams(text)];
  const left = made.take(words);
  show();
  const asked = new URLSearchParams(text).get("s") ?? "";
  section = page.sections.includes(asked) ? asked : "";
  lacks([
    ...(asked && !section ? [`This page has no section named ${shortened(asked)}.`] : []),
    ...[...left].map(([id, word]) => made.lacking(id, word)),
    ...made.strange(words).filter((name) => name !== "s").map((name) => `This page has no choice named ${shortened(name)}: that part of the link was left out.`),
  ]);
  follow();
  if (section) go(section);
}

const plain = (text) => { try { return decodeURIComponent(text); } catch { return text; } };

// What a link asks for and the page does not have: told where the reader lands, and the address is mended.
function lacks(said) {
  const missed = box("eq-missed");
  missed.textContent = "";
  if (!said.length) return;
  const heading = section && box(`${section}-title`)?.closest(".eq-h2");
  if (heading) heading.after(missed);
  write();
  setTimeout(() => { missed.textContent = said.join(" "); }, 100); // a place that was filled at once is not read out
}

addEventListener("hashchange", () => { if (location.hash !== written) read(); });

document.addEventListener("click", async (event) => {
  const link = event.target.closest?.(".eq-contents a, a[href^='#']");
  const id = link && decodeURIComponent(link.getAttribute("href").slice(1));
  if (link && page.sections.includes(id) && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault(); // the address keeps the choices
    section = id;
    history.pushState?.call(history, null, "", location.href.split("#")[0] + "#" + (made.order.length ? address(id) : id));
    go(id);
  }
  const button = event.target.closest?.("[data-link]");
  if (!button) return;
  const url = location.href.split("#")[0] + "#" + (made.order.length ? address(button.dataset.link) : button.dataset.link);
  tell(button.nextElementSibling, (await copied(url)) ? "Copied." : url);
});

// ---------------------------------------------------------------- contents, paper

const contents = document.querySelector(".eq-contents details");
const large = matchMedia("(min-width: 64rem)");
const fold = () => { contents.open = large.matches; };
if (contents) { fold(); large.addEventListener("change", fold); }
contents?.addEventListener("click", (event) => { if (event.target.closest("a") && !large.matches) contents.open = false; });

const opened = new Map();
addEventListener("beforeprint", () => {
  for (const { figure, model } of Object.values(panels)) {
    if (!figure || model) continue; // panel.js sees to those that are awake
    const details = figure.querySelector(".eq-details"), table = figure.querySelector(".eq-table");
    opened.set(details, details.open);
    details.open = true;
    const fits = details.hidden || onPaper(table);
    details.open = fits;
    const place = figure.querySelector(".eq-elsewhere");
    place.textContent = `${ELSEWHERE} ${figure.querySelector(".eq-from").textContent}`.trim();
    place.hidden = fits;
  }
  for (const chart of document.querySelectorAll(".eq-chart")) { // a choice can make a picture longer
    const svg = chart.querySelector(".eq-wide svg, .eq-plot:not(.eq-still) svg");
    const height = parseFloat(svg?.getAttribute("height")) || 0;
    for (const [name, least, most] of [["high", 840, 1160], ["higher", 1160, 1360], ["long", 1360, Infinity]])
      chart.classList.toggle(`eq-${name}`, height > least && height <= most);
  }
});
addEventListener("afterprint", () => {
  for (const [details, open] of opened) {
    details.open = open;
    const figure = details.closest("figure");
    figure.querySelector(".eq-table").classList.remove("eq-paper");
    figure.querySelector(".eq-elsewhere").hidden = true;
  }
  opened.clear();
});

// ---------------------------------------------------------------- what can wait

// The pointer over a figure asks for its numbers: then it is drawn anew, with them.
for (const panel of Object.values(panels)) {
  const still = panel.figure?.querySelector(".eq-still");
  still?.addEventListener("pointerenter", async (event) => {
    if (event.pointerType !== "mouse") return;
    try {
      await Promise.all([wake(panel), vega()]);
      panel.model.say({ type: "draw" });
    } catch { /* it stays as it is */ }
  });
}
const spare = !navigator.connection?.saveData && !/2g|3g/.test(navigator.connection?.effectiveType ?? "");
const idle = globalThis.requestIdleCallback ?? ((act) => setTimeout(act, 2000));
if (spare) addEventListener("load", () => idle(() => vega().catch(() => {}), { timeout: 10000 }));

show();
root.classList.add("eq-scripted");
read();
