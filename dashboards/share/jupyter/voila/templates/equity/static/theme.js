// Light, dark or as the computer has it: set before anything is painted, kept for the next visit.
(function () {
  const KEY = "equity-theme";
  const root = document.documentElement;
  let kept = "auto";
  try { kept = localStorage.getItem(KEY) || "auto"; } catch { /* storage may be forbidden */ }

  function apply(choice) {
    if (choice === "light" || choice === "dark") root.dataset.eqTheme = choice;
    else delete root.dataset.eqTheme;
    for (const button of document.querySelectorAll("[data-eq-choose]"))
      button.setAttribute("aria-pressed", String(button.dataset.eqChoose === choice));
  }
  apply(kept);
  document.addEventListener("DOMContentLoaded", () => ready());
  function ready() {
    const group = document.querySelector(".eq-theme");
    if (!group || !group.hidden) return;
    group.hidden = false;
    apply(kept);
    group.addEventListener("click", (event) => {
      const button = event.target.closest("[data-eq-choose]");
      if (!button) return;
      kept = button.dataset.eqChoose;
      try { localStorage.setItem(KEY, kept); } catch { /* then only for this page */ }
      apply(kept);
    });
  }
  globalThis.__equityThemeReady = ready; // a page that is still streaming calls it early
  // the link must move the focus even while the page is still loading
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.(".eq-skip")) return;
    const target = document.getElementById("loading") ?? document.querySelector("main");
    if (target) { event.preventDefault(); target.focus(); target.scrollIntoView(); }
  });
})();
