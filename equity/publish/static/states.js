// States that were worked out beforehand: fetches them, and finds the one that belongs to what is chosen.
// (Bundled with panel.js, before site.js or compare.js.)

const VEGA = document.currentScript.dataset.vega;

// ---------------------------------------------------------------- fetching

const fetched = new Map();

// What a script leaves behind is taken before the next one runs: two sites use the same names for it.
function fetchScript(src, take = () => {}) {
  if (!fetched.has(src))
    fetched.set(src, new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = src;
      script.onload = () => resolve(take());
      script.onerror = () => { fetched.delete(src); script.remove(); reject(new Error(`${src} did not come`)); };
      document.head.append(script);
    }));
  return fetched.get(src);
}

const vega = () => fetchScript(VEGA).then(() => globalThis.__equityVega);
globalThis.__equityRuntime = vega;

// States share what is the same in them: a table by columns, a chart by its parts (see _pack.py).
function unpacked(parts, key, at) {
  const whole = (node) => {
    if (Array.isArray(node)) return node.map(whole);
    if (!node || typeof node !== "object") return node;
    if ("$" in node) return whole(parts[node.$]);
    return Object.fromEntries(Object.entries(node).map(([name, one]) => [name, whole(one)]));
  };
  if (key === "spec") return whole(parts[at]);
  if (key !== "rows" && key !== "data") return parts[at];
  const [n, keys, columns] = at;
  return Array.from({ length: n }, (_, i) => Object.fromEntries(keys.map((name, k) => {
    const column = parts[columns[k]];
    return [name, column.d ? column.d[column.i[i]] : column.length === 1 ? column[0] : column[i]];
  })));
}

const EMPTY = {
  spec: {}, data: [], rows: [], columns: [], title: "", summary: "", description: "", notes: "", source: "",
  shown: "", unfollowed: "", problem: "", absent: "", fictional: false, filename: "table", html: "",
};

async function stateOf(page, pid, number) {
  const [first, file] = page.panels[pid].files.filter(([start]) => start <= number).at(-1);
  const name = `${page.name}/${pid}/${first}`;
  const box = await fetchScript((page.root ?? "") + page.folder + file, () => globalThis.__equityStates[name]);
  const packed = Object.entries(box.states[number - first]);
  return { ...EMPTY, ...Object.fromEntries(packed.map(([key, at]) => [key, unpacked(box.parts, key, at)])) };
}

// ---------------------------------------------------------------- a figure and what it is fed from

class Model {
  #traits; #ears = new Map();
  constructor(traits) { this.#traits = { follows: [], busy: false, quiet: false, answers: false, ...traits }; }
  get(name) { return this.#traits[name]; }
  on(names, ear) { for (const name of names.split(" ")) this.#ears.set(name, [...(this.#ears.get(name) ?? []), ear]); }
  off(names, ear) {
    for (const name of names.split(" ")) this.#ears.set(name, (this.#ears.get(name) ?? []).filter((one) => one !== ear));
  }
  send() {} // nobody answers
  say(message) { for (const ear of this.#ears.get("msg:custom") ?? []) ear(message); }
  save_changes() {}
  take(traits) {
    const news = Object.entries(traits).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(this.#traits[name]));
    Object.assign(this.#traits, traits);
    for (const [name] of news) for (const ear of this.#ears.get("change:" + name) ?? []) ear();
  }
  set(name, value) { this.take({ [name]: value }); }
}

// ---------------------------------------------------------------- what is chosen

const partsOf = (key) => key.split(/;(?=c\d+=)/);
const shortened = (text) => (text.length > 40 ? text.slice(0, 40) + "\u2026" : text);

function choicesOf(page) {
  const ids = Object.keys(page.choices);
  const chosen = {};
  const made = { ids, chosen, order: [] }; // order: choices that were made, the latest last

  // What a choice offers can depend on others: on those that are given, or on what is chosen.
  function offer(id, of = chosen) {
    const { parents, by_parent, options, start } = page.choices[id];
    return (parents.length && by_parent[parents.map((p) => of[p]).join("|")]) || { options, start };
  }
  const wordsOf = (id, key, of) => offer(id, of).options.find(([k]) => k === key)?.[1] ?? key;
  const isAway = (id) => chosen[id] !== offer(id).start;
  const sentence = (id, words) =>
    words.startsWith("All ") ? words
      : `${page.choices[id].label}${/ /.test(page.choices[id].label + words) ? ":" : ""} ${words}`;

  function start() {
    made.order = [];
    for (const id of ids) chosen[id] = page.choices[id].start;
    for (const id of ids) chosen[id] = offer(id).start;
  }

  function choose(id, key) {
    const before = Object.fromEntries(ids.map((one) => [one, offer(one).start]));
    chosen[id] = key;
    made.order = [...made.order.filter((one) => one !== id), id];
    for (const one of ids) { // in the order of the page: a choice can change what a later one offers
      if (!page.choices[one].parents.length) continue;
      const { options, start } = offer(one);
      const keeps = chosen[one] !== before[one] && options.some(([k]) => k === chosen[one]);
      if (!keeps) chosen[one] = start;
    }
    made.order = made.order.filter(isAway);
  }

  // The state of a figure that is nearest to what is chosen: what was chosen last counts most.
  function nearest(pid) {
    const { follows, states } = page.panels[pid];
    const away = made.order.filter((id) => follows.includes(id));
    const wish = ids.filter((id) => away.includes(id)).map((id) => `${id}=${chosen[id]}`).join(";");
    if (wish in states) return { number: states[wish], left: [] };
    const wanted = new Map(away.map((id) => [id, chosen[id]]));
    const rank = (key) => {
      const parts = key ? partsOf(key).map((part) => [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)]) : [];
      if (!parts.every(([id, value]) => wanted.get(id) === value)) return -1;
      return away.reduce((sum, id, i) => sum + (parts.some(([one]) => one === id) ? 2 ** i : 0), 0);
    };
    let best = "";
    for (const key of Object.keys(states)) if (rank(key) > rank(best)) best = key;
    const has = partsOf(best).map((part) => part.split("=")[0]);
    const there = Object.fromEntries(ids.map((id) => [id, has.includes(id) ? chosen[id] : page.choices[id].start]));
    for (const id of ids) if (!has.includes(id)) there[id] = offer(id, there).start;
    return { number: states[best], left: away.filter((id) => !has.includes(id)).map((id) => [id, wordsOf(id, there[id], there)]) };
  }

  function aside(pid, left) {
    const stays = left.map(([id, words]) => `${sentence(id, words)}, not ${wordsOf(id, chosen[id])}`);
    const beside = page.panels[pid].beside.filter(isAway).map((id) => page.choices[id].label);
    return [
      stays.length ? `Still shown: ${stays.join("; ")}. This combination is not published.` : "",
      beside.length ? `This picture does not change with: ${beside.join(", ")}.` : "",
    ].filter(Boolean).join(" ");
  }

  // The words of an address, in the order in which they were made: a link shows what its sender saw.
  function address(before = []) {
    const words = new URLSearchParams(before);
    for (const id of made.order) {
      const option = offer(id).options.find(([key]) => key === chosen[id]);
      if (option) words.set(page.choices[id].name, option[2]);
    }
    return words;
  }

  // Takes the words of an address; returns the choices whose words are not on offer.
  // (`strange`: the names of no choice of this page.)
  function take(words) {
    start();
    const given = words.flatMap(([name, word]) => ids.filter((id) => page.choices[id].name === name).map((id) => [id, word]));
    // what a choice offers can hang on one that was made after it: twice, and the order is that of the address
    const left = new Map();
    for (const again of [0, 1])
      for (const [id, word] of given) {
        const option = offer(id).options.find(([key, , slug]) => slug === word || key === word);
        if (option) { left.delete(id); if (!again || chosen[id] !== option[0]) choose(id, option[0]); } else left.set(id, word);
      }
    made.order = given.map(([id]) => id).filter((id, i, all) => all.indexOf(id) === i && isAway(id));
    return left;
  }

  const strange = (words) => [...new Set(words.map(([name]) => name))].filter((name) => !ids.some((id) => page.choices[id].name === name));

  function lacking(id, word) {
    const { label } = page.choices[id];
    return `Not available here: ${label[0].toLowerCase()}${label.slice(1)} ${shortened(word)}. Showing ${wordsOf(id, chosen[id])}.`;
  }

  // What a list offers, and which of it is chosen.
  function fill(select, id) {
    const { options } = offer(id);
    if ([...select.options].map((o) => o.value).join("\n") !== options.map(([k]) => k).join("\n"))
      select.replaceChildren(...options.map(([key, words]) => new Option(words, key)));
    select.value = chosen[id];
    select.disabled = false; // it waited for this script: what is chosen before would be lost
    select.closest(".eq-choice").hidden = options.length < 2;
  }

  start();
  return Object.assign(made, { offer, wordsOf, isAway, sentence, choose, nearest, aside, address, take, strange, lacking, fill });
}
