// A number between two ends: the browser's own slider, which keys, touch and screen readers know.

// each slider gets a copy of this module: what counts them is of the page
const shared = (globalThis.__equitySliders ??= { count: 0 });

function written(model, value, more = 0) {
  const digits = model.get("digits") + more;
  const number = new Intl.NumberFormat("en-US", {
    minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: model.get("grouped"),
  });
  return number.format(value * model.get("times")) + model.get("suffix");
}

function render({ model, el }) {
  const id = "eq-slider-" + ++shared.count;
  el.innerHTML = '<label class="eq-slider-label"></label><span class="eq-slider-row">' +
    '<input type="range"><output aria-hidden="true"></output></span>';
  const label = el.querySelector("label"), input = el.querySelector("input"), out = el.querySelector("output");
  label.textContent = model.get("label");
  label.htmlFor = out.htmlFor = input.id = id;
  // as wide as its widest number, so that nothing moves while it is dragged
  let widest = Math.max(...[model.get("low"), model.get("high")].map((v) => written(model, v).length));

  // what was counted lies between two steps: until the handle is moved it is written as it is
  let held = false;
  function show() {
    for (const [name, key] of [["min", "low"], ["max", "high"], ["step", "step"]]) input[name] = model.get(key);
    if (!held) input.value = model.get("value");
    say();
  }
  function say() {
    const value = model.get("value");
    const exact = !held && model.get("exact") === value;
    const words = exact
      ? written(model, value, model.get("finer")) + model.get("remark")
      : written(model, Number(input.value));
    out.textContent = words;
    widest = Math.max(widest, words.length);
    out.style.minWidth = widest + "ch";
    input.setAttribute("aria-valuetext", words);
  }

  // at most one message for each picture of the screen; the widget's own line to the kernel holds
  // back what comes while an answer is due, and sends the last of it
  let planned = 0;
  function tell() {
    planned = 0;
    model.set("value", Number(input.value));
    model.save_changes();
  }
  input.addEventListener("input", () => {
    held = true;
    say();
    planned ||= requestAnimationFrame(tell);
  });
  // what the kernel says of older numbers is no news while a newer one is being set
  input.addEventListener("change", () => {
    if (planned) cancelAnimationFrame(planned);
    tell();
    held = false;
  });
  const news = "change:value change:exact change:finer change:remark";
  model.on(news, show);
  show();
  return () => { model.off(news, show); if (planned) cancelAnimationFrame(planned); };
}
export default { render };
