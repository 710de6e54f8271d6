// Keeps choices in the page's address, under Voila only: elsewhere the address is not ours.
// Says on paper what is chosen, and on the screen what an address asks for that is not here.

// On a large screen the first row of a dashboard stays in sight while the figures that follow it
// scroll past, and no longer. Two choices of a page may have one name, but never one id.
function follow(bar, ids) {
  const cells = bar.closest(".eq-cells");
  if (!cells || cells.querySelector(".eq-choices") !== bar) return () => {};
  bar.classList.add("eq-follows");
  for (let box = bar.parentElement; box !== cells; box = box.parentElement)
    box.classList.add("eq-through");
  const look = () => {
    const led = [...document.querySelectorAll("figure[data-eq-follows]")].filter((figure) =>
      figure.dataset.eqFollows.split(" ").some((id) => ids.includes(id)));
    const end = led.at(-1)?.getBoundingClientRect().bottom ?? 0;
    bar.classList.toggle("eq-done", end < bar.offsetHeight);
  };
  addEventListener("scroll", look, { passive: true });
  return () => removeEventListener("scroll", look);
}

function render({ model, el }) {
  const names = model.get("names");
  el.classList.add("eq-words");
  el.innerHTML = '<p class="eq-missed" role="status"></p><p class="eq-made"></p>';
  const [missed, made] = el.children;
  const tell = () => {
    missed.textContent = model.get("missed");
    made.textContent = model.get("shown");
  };
  tell();
  model.on("change:missed change:shown", tell);
  let release = () => {};
  function settle(tries) {
    // the row is put into the page after this is called
    const bar = el.closest(".eq-choices");
    if (!bar) return void (tries && requestAnimationFrame(() => settle(tries - 1)));
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", "Choose what to see");
    release = follow(bar, model.get("ids"));
  }
  settle(10);
  const leave = () => { release(); model.off("change:missed change:shown", tell); };
  if (!document.body.dataset.voila) return leave;

  const given = new URLSearchParams(location.search);
  const asked = Object.fromEntries([...given].filter(([name]) => names.includes(name)));
  if (Object.keys(asked).length) {
    model.set("asked", asked);
    model.save_changes();
  }

  function write() {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(model.get("chosen"))) {
      if (value === null) query.delete(name);
      else query.set(name, value);
    }
    const text = query.toString();
    history.replaceState(null, "", location.pathname + (text ? "?" + text : "") + location.hash);
  }
  model.on("change:chosen", write);
  return () => { leave(); model.off("change:chosen", write); };
}
export default { render };
