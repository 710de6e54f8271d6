// A number between two ends: the browser's own slider, which keys, touch and screen readers know.

let count = 0;

function written(model, value) {
  const digits = model.get("digits");
  const number = new Intl.NumberFormat("en-US", {
    minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: model.get("grouped"),
  });
  return number.format(value * model.get("times")) + model.get("suffix");
}

function render({ model, el }) {
  const id = "eq-slider-" + ++count;
  el.innerHTML = '<label class="eq-slider-label"></label><span class="eq-slider-row">' +
    '<input type="range"><output aria-hidden="true"></output></span>';
  const label = el.querySelector("label"), input = el.querySelector("input"), out = el.querySelector("output");
  label.textContent = model.get("label");
  label.htmlFor = out.htmlFor = input.id = id;
  // as wide as its widest number, so that nothing moves while it is dragged
  const ends = [model.get("low"), model.get("high")].map((v) => written(model, v).length);
  out.style.minWidth = Math.max(...ends) + "ch";

  let held = false;
  function show() {
    for (const [name, key] of [["min", "low"], ["max", "high"], ["step", "step"]]) input[name] = model.get(key);
    if (!held) input.value = model.get("value");
    say();
  }
  function say() {
    const words = written(model, Number(input.value));
    out.textContent = words;
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
  model.on("change:value", show);
  show();
  return () => { model.off("change:value", show); if (planned) cancelAnimationFrame(planned); };
}
export default { render };
