// One figure twice: two periods, two groups of people or two agencies, from states that pages have.
// (One script with panel.js and states.js.)

const given = globalThis.__equityCompare;
const several = given.sites.length > 1;
const box = (id) => document.getElementById(id);
const which = box("eq-which"), missed = box("eq-missed"), scale = box("eq-scale");

const sides = ["first", "second"].map((name, i) => ({
  name, words: name[0].toUpperCase() + name.slice(1), site: given.sites[Math.min(i, given.sites.length - 1)],
  form: box(`${name}-choices`), el: box(`${name}-figure`), kept: [], pid: "",
}));

const shown = () => {
  const at = which.value.indexOf("/");
  return [which.value.slice(0, at), which.value.slice(at + 1)];
};

// ---------------------------------------------------------------- a side: whose figure, and what is chosen

async function open(side, words) {
  const [name, file] = shown();
  const there = side.site.pages[name];
  close(side);
  Object.assign(side, { pid: there?.figures[file] ?? "", page: null, made: null, ids: [], kept: words, problem: "" });
  const { site } = side;
  if (!side.pid) return fields(side);
  try {
    const about = await fetchScript(site.root + there.states, () => globalThis.__equityPage);
    if (about.format !== given.format) throw new Error(`format ${about.format}`);
    if (site !== side.site || shown().join("/") !== `${name}/${file}`) return; // something else was chosen since
    close(side); // what was drawn while this came
    side.page = { ...about, root: site.root };
  } catch (error) {
    console.error(error);
    side.problem = "These figures did not come. Choose again in a moment.";
    return fields(side);
  }
  side.made = choicesOf(side.page);
  const { follows, states } = side.page.panels[side.pid];
  const moved = new Set(Object.keys(states).flatMap((key) => partsOf(key).map((part) => part.split("=")[0])));
  side.ids = side.made.ids.filter((id) => follows.includes(id) && moved.has(id));
  const names = side.ids.map((id) => side.page.choices[id].name);
  const left = side.made.take(words.filter(([word]) => names.includes(word)));
  fields(side);
  side.form.querySelector(".eq-missed").textContent =
    [...left].map(([id, word]) => side.made.lacking(id, word)).join(" ");
}

function close(side) {
  side.stop?.();
  side.el.replaceChildren();
  Object.assign(side, { model: null, stop: null, number: null });
}

function fields(side) {
  for (const old of side.form.querySelectorAll("[data-choice]")) old.remove();
  side.form.querySelector(".eq-missed").textContent = "";
  for (const id of side.ids) {
    const field = document.createElement("p"), label = document.createElement("label"), select = document.createElement("select");
    field.className = "eq-choice";
    field.dataset.choice = id;
    select.id = label.htmlFor = `${side.name}-${id}`;
    select.autocomplete = "off";
    label.textContent = side.page.choices[id].label;
    field.append(label, select);
    side.form.append(field);
  }
  fill(side);
}

function fill(side) {
  for (const id of side.ids) side.made.fill(box(`${side.name}-${id}`), id);
}

const wordsNow = (side) => (side.made ? [...side.made.address()] : side.kept);
const same = () => sides[0].site === sides[1].site && sides.every((side) => side.made)
  && wordsNow(sides[0]).toString() === wordsNow(sides[1]).toString();

// Twice the same is nothing to compare: two periods are, or the last two of what there is to choose.
function apart() {
  const [{ made, ids, page, pid }] = sides;
  if (!same() || !ids.length) return;
  const id = ids.find((one) => /^(year|period|quarter)\b/.test(page.choices[one].name)) ?? ids[0];
  const { options, start } = made.offer(id);
  const { states, blank = [] } = page.panels[pid];
  const shows = (key) => !blank.includes(states[key === start ? "" : `${id}=${key}`]);
  const every = options.filter(([key]) => key !== start && `${id}=${key}` in states);
  const some = every.filter(([key]) => shows(key)); // two that show more than they hide, if there are two
  const other = some.length > 1 || (some.length && shows(start)) ? some : every;
  const all = start === "" || made.wordsOf(id, start).startsWith("All ");
  const two = options.filter((one) => other.includes(one) || (one[0] === start && (!all || other.length < 2))).slice(-2);
  if (two.length < 2) return;
  sides.forEach((side, i) => { if (side.made.chosen[id] !== two[i][0]) side.made.choose(id, two[i][0]); fill(side); });
}

// The page opens with the first figure of which more is shown than hidden, on both sides.
const blank = (side) => !side.made || (side.page.panels[side.pid].blank ?? []).includes(side.made.nearest(side.pid).number);
async function first() {
  apart();
  const opened = which.value;
  for (const { value } of which.options) {
    if (!sides.some(blank)) return;
    if (value === opened) continue;
    which.value = value;
    await Promise.all(sides.map((side) => open(side, [])));
    apart();
  }
  if (!sides.some(blank)) return;
  which.value = opened;
  await Promise.all(sides.map((side) => open(side, [])));
  apart();
}

// ---------------------------------------------------------------- one scale for both

const LINES = ["line", "area", "trail"];
const CONTINUOUS = ["linear", "log", "pow", "sqrt", "symlog", "time", "utc"];
const inner = (spec) => ["layer", "hconcat", "vconcat", "concat"].flatMap((name) => spec[name] ?? []).concat(spec.spec ?? []);
const marks = (spec) => [spec.mark?.type ?? spec.mark, ...inner(spec).flatMap(marks)];
const channels = (spec, axis) => [spec.encoding?.[axis], ...inner(spec).flatMap((one) => channels(one, axis))]
  .filter((one) => one && ["quantitative", "temporal"].includes(one.type) && one.scale !== null);
// where a chart lays out its lines by itself, its upright positions are places, not numbers
const laid = (channel) => Array.isArray(channel.scale?.domain) && !!channel.scale?.range;

// What a scale spans is worked out by drawing the figure once, unseen.
const measured = new Map();
async function spans(key, state) {
  if (measured.has(key)) return measured.get(key);
  const { vegaEmbed } = await vega();
  const host = document.createElement("div");
  host.className = "eq-offstage";
  host.setAttribute("aria-hidden", "true");
  document.body.append(host);
  const found = {};
  try {
    const result = await vegaEmbed(host, finished(new Model(state), 520, INK.light, "transparent"), { ...options, tooltip: false });
    for (const axis of ["x", "y"])
      try {
        const one = result.view.scale(axis);
        if (CONTINUOUS.includes(one.type)) found[axis] = { type: one.type, domain: one.domain().map(Number) };
      } catch { /* there is none of this name */ }
    result.finalize();
  } finally {
    host.remove();
  }
  measured.set(key, found);
  return found;
}

const ticksOf = (all) => [...new Set(all.flatMap((one) => (Array.isArray(one.axis?.values) ? one.axis.values : [])))];

// Returns both charts on one scale as far as they have one, and which of the two ways they have not.
async function together(states, keys) {
  const specs = states.map((state) => structuredClone(state.spec));
  const found = await Promise.all(states.map((state, i) => spans(keys[i], state)));
  const differ = [];
  if (specs.some((spec) => !channels(spec, "x").length && !channels(spec, "y").length)) return { specs, differ: null };
  for (const axis of ["x", "y"]) {
    const both = specs.map((spec) => channels(spec, axis));
    const free = both.map((all) => all.filter((one) => !laid(one)));
    if (!free[0].length && !free[1].length) {
      if (both.flat().length && specs.some((spec) => marks(spec).some((mark) => LINES.includes(mark)))) differ.push(axis);
      continue;
    }
    const [one, two] = found.map((all) => all[axis]);
    if (!one || !two || one.type !== two.type) { differ.push(axis); continue; }
    const ends = [...one.domain, ...two.domain], domain = [Math.min(...ends), Math.max(...ends)];
    const ticks = ticksOf(both.flat());
    for (const all of free) {
      const scaled = all.some((channel) => channel.scale) ? all.filter((channel) => channel.scale) : all.slice(0, 1);
      for (const channel of scaled) {
        channel.scale = { ...channel.scale, domain, nice: false, padding: 0, ...(one.type === "linear" ? { zero: false } : {}) };
      }
      for (const channel of all)
        if (Array.isArray(channel.axis?.values)) channel.axis = { ...channel.axis, values: ticks };
    }
  }
  return { specs, differ };
}

function told(differ) {
  if (!differ) return ""; // one of them has words in the place of a picture, or no numbers on its sides
  if (!differ.length) return "Both pictures are drawn on the same scale.";
  if (differ.includes("x")) return "The scales of these two pictures differ: compare their numbers, not their lengths.";
  return "From left to right both pictures have the same scale. From bottom to top each can have its own: compare the numbers there.";
}

// ---------------------------------------------------------------- drawing

let round = 0;

async function draw() {
  const mine = ++round;
  for (const side of sides) side.el.setAttribute("aria-busy", "true");
  const made = await Promise.all(sides.map(stateNow));
  if (mine !== round) return;
  let words = "";
  const drawn = made.every(({ state }) => Object.keys(state.spec).length && !state.problem && !state.absent);
  if (drawn) {
    try {
      const { specs, differ } = await together(made.map((one) => one.state), made.map((one) => one.key));
      words = told(differ);
      made.forEach((one, i) => { one.state.spec = specs[i]; });
    } catch (error) { // panel.js says what could not be drawn
      console.error(error);
      words = told(["x"]);
    }
    if (mine !== round) return;
  }
  scale.textContent = same() ? `Both sides show the same: choose something else on one of them. ${words}`.trim() : words;
  sides.forEach((side, i) => show(side, made[i].state));
  level();
}

// What a side shows: a state of its page, or the words for why there is none.
async function stateNow(side) {
  const nothing = { ...EMPTY, unfollowed: "", filename: shown()[1] };
  if (!side.pid) {
    const words = which.selectedOptions[0].textContent.replace(/ \(only .*\)$/, "").trim();
    return { key: "", state: { ...nothing, absent: `${side.site.label} does not publish this figure: ${words}` } };
  }
  if (!side.made) return { key: "", state: { ...nothing, problem: side.problem } };
  const { number, left } = side.made.nearest(side.pid);
  try {
    const state = await stateOf(side.page, side.pid, number);
    const unfollowed = [state.unfollowed, side.made.aside(side.pid, left)].filter(Boolean).join(" ");
    const filename = several ? `${side.site.key}-${state.filename}` : state.filename;
    return { key: `${side.site.key}/${side.page.name}/${side.pid}/${number}`, state: { ...state, unfollowed, filename } };
  } catch (error) {
    console.error(error);
    return { key: "", state: { ...nothing, problem: "These figures did not come. Choose again in a moment." } };
  }
}

function show(side, state) {
  side.el.removeAttribute("aria-busy");
  const other = sides.find((one) => one !== side);
  const wordOf = (one, name) => {
    const id = one.ids.find((each) => one.page.choices[each].name === name);
    return id === undefined ? null : one.made.wordsOf(id, one.made.chosen[id]);
  };
  const apart = !other.made ? [] : side.ids.filter((id) => {
    const word = wordOf(other, side.page.choices[id].name);
    return word === null ? side.made.isAway(id) : word !== wordOf(side, side.page.choices[id].name);
  }).map((id) => side.made.wordsOf(id, side.made.chosen[id]));
  const heads = [...(side.site !== other.site ? [side.site.label] : []), ...apart];
  box(`${side.name}-title`).textContent = side.words + (heads.length ? `: ${heads.join(", ")}` : "");
  const about = box(`${side.name}-about`), { agency, place, release, fictional } = side.site;
  about.hidden = !several;
  about.textContent = `${agency}${place && !agency.includes(place) ? ", " + place : ""}. Published ${release}. `;
  if (fictional) {
    const badge = document.createElement("span");
    badge.className = "eq-badge";
    badge.textContent = "Fictional sample data";
    about.append(badge);
  }
  const link = box(`${side.name}-link`);
  link.hidden = !side.made;
  if (side.made)
    link.href = `${side.site.root}${side.site.pages[side.page.name].file}#${side.made.address([["s", side.page.panels[side.pid].section]])}`;
  if (side.model) return void side.model.take(state);
  side.model = new Model(state);
  side.stop = render({ model: side.model, el: side.el });
  if (root.classList.contains("eq-scripted")) announce(side.el.firstElementChild, state.title || state.absent);
}

// Side by side the pictures stand at one height: what is above them takes the same room.
function level() {
  for (const part of ["h2", ".eq-dateline", "figcaption"]) {
    const [one, two] = sides.map(({ name }) => box(name).querySelector(part));
    if (!one || !two) continue;
    if (part === "figcaption" && box("first").parentElement.querySelector(".eq-without")) { // one has words alone
      for (const each of [one, two]) each.style.minHeight = "";
      continue;
    }
    for (const each of [one, two]) each.style.minHeight = "";
    const beside = box("first").getBoundingClientRect().top === box("second").getBoundingClientRect().top;
    if (!beside) continue;
    const most = Math.max(one.offsetHeight, two.offsetHeight);
    for (const each of [one, two]) each.style.minHeight = `${most}px`;
  }
}
addEventListener("resize", level);

// ---------------------------------------------------------------- the address

function address() {
  const [page, figure] = shown();
  const words = [["page", page], ["figure", figure]];
  for (const side of sides) {
    if (several) words.push([side.name, side.site.key]);
    for (const [name, word] of wordsNow(side)) words.push([`${side.name}.${name}`, word]);
  }
  return new URLSearchParams(words).toString();
}

let written = null;
function write() {
  written = "#" + address();
  try {
    history.replaceState(null, "", location.pathname + location.search + written);
  } catch { // an address that a page may not change: a file on some systems
    location.hash = written;
  }
}

async function read() {
  const text = location.hash.slice(1);
  const words = text.includes("=") ? [...new URLSearchParams(text)] : [];
  const asked = Object.fromEntries(words);
  const wish = `${asked.page}/${asked.figure}`, lacks = [];
  if ([...which.options].some((option) => option.value === wish)) which.value = wish;
  else if (words.length) lacks.push(`There is no figure named ${shortened(asked.figure ?? "")} here.`);
  for (const side of sides) {
    const key = asked[side.name], site = given.sites.find((one) => one.key === key);
    if (site) side.site = site;
    else if (key) lacks.push(`There is no agency named ${shortened(key)} here.`);
    box(`${side.name}-agency`).value = side.site.key;
  }
  missed.textContent = lacks.join(" ");
  await Promise.all(sides.map((side) =>
    open(side, words.filter(([name]) => name.startsWith(side.name + ".")).map(([name, word]) => [name.slice(side.name.length + 1), word]))));
  if (!words.length) await first();
  for (const select of [which, ...sides.map((side) => box(`${side.name}-agency`))]) select.disabled = false;
  await draw();
  root.classList.add("eq-scripted");
}

addEventListener("hashchange", () => { if (location.hash !== written) read(); });

// ---------------------------------------------------------------- the form

const root = document.documentElement;

box("eq-form").addEventListener("submit", (event) => event.preventDefault());
box("eq-form").addEventListener("change", async ({ target }) => {
  missed.textContent = "";
  const side = sides.find((one) => one.form.contains(target));
  if (target === which) {
    await Promise.all(sides.map((one) => open(one, wordsNow(one))));
    apart();
  } else if (target.id === `${side.name}-agency`) {
    side.site = given.sites.find((one) => one.key === target.value);
    await open(side, wordsNow(side));
  } else {
    side.form.querySelector(".eq-missed").textContent = "";
    side.made.choose(target.closest("[data-choice]").dataset.choice, target.value);
    fill(side);
  }
  write();
  await draw();
});
box("eq-link").addEventListener("click", async ({ target }) => {
  const url = location.href.split("#")[0] + "#" + address();
  tell(target.nextElementSibling, (await copied(url)) ? "Copied." : url);
});

read();
