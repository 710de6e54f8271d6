// A dashboard's page: progress in words while it opens, and a notice when its connection is gone.
(function () {
  globalThis.__equityThemeReady?.();
  const slow = setTimeout(() => {
    const words = document.getElementById("loading_text");
    if (words) words.textContent += " This takes longer than usual; other people may be opening pages too.";
  }, 15000);
  window.voila_heartbeat = () => {};
  window.voila_process = function (index, count) {
    const bar = document.getElementById("eq-progress");
    const words = document.getElementById("loading_text");
    if (bar) bar.value = Math.max(bar.value, Math.round((90 * index) / count));
    if (words) words.textContent = `Preparing the figures: step ${index} of ${count}.`;
  };
  const show = window.display_cells;
  window.display_cells = function () {
    const focused = document.activeElement?.id === "loading";
    show();
    const main = document.getElementById("rendered_cells");
    if (document.getElementById("loading") || !main) return;
    clearTimeout(slow);
    jumps(main);
    if (focused) main.focus();
  };
  window.voila_finish = () => window.display_cells();

  // Links to the sections, after the first words of the page; closed at first on a small screen.
  function jumps(main) {
    const sections = [...main.querySelectorAll("h2")].filter((h) => h.checkVisibility());
    const lead = main.querySelector("h1")?.parentElement;
    if (sections.length < 2 || !lead || main.querySelector(".eq-jump")) return;
    const nav = document.createElement("nav");
    nav.className = "eq-jump";
    nav.setAttribute("aria-label", "On this page");
    nav.innerHTML = "<details><summary>On this page</summary><ul></ul></details>";
    nav.firstChild.open = matchMedia("(min-width: 48rem)").matches;
    sections.forEach((heading, i) => {
      heading.id ||= `section-${i + 1}`;
      heading.tabIndex = -1; // where a screen reader goes on reading
      const words = heading.cloneNode(true);
      words.querySelectorAll(".anchor-link").forEach((mark) => mark.remove());
      const link = document.createElement("a");
      link.href = "#" + encodeURIComponent(heading.id);
      link.textContent = words.textContent.trim();
      const item = document.createElement("li");
      item.append(link);
      nav.querySelector("ul").append(item);
    });
    lead.append(nav);
  }

  // Voila moves the main part of the page to its end: the footer follows it.
  new MutationObserver(() => {
    const footer = document.getElementById("eq-footer");
    const shell = document.getElementById("main");
    if (footer && shell && !(shell.compareDocumentPosition(footer) & Node.DOCUMENT_POSITION_FOLLOWING))
      shell.after(footer);
  }).observe(document.body, { childList: true });

  // ------------------------------------------------------------ the connection
  let leaving = false;
  let heard = 0;
  let timer = 0;
  let ending = 0;
  let dead = false; // the kernel is gone: no new connection brings it back
  const open = new Set();
  function lost() {
    const notice = document.getElementById("eq-lost");
    if (leaving || !notice || !notice.hidden) return;
    notice.hidden = false;
    notice.innerHTML =
      '<p>The connection to the server has ended, so the choices no longer change the figures. ' +
      '<a href="">Open the page again</a>: your choices are kept.</p>';
  }
  function found() {
    clearTimeout(ending);
    const notice = document.getElementById("eq-lost");
    if (dead || !notice || notice.hidden) return;
    notice.hidden = true;
    notice.replaceChildren();
  }
  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(address, protocols) {
      super(address, protocols);
      if (!String(address).includes("/channels")) return;
      this.addEventListener("open", () => { open.add(this); found(); });
      this.addEventListener("message", (event) => {
        heard = Date.now();
        found();
        let text = "";
        if (typeof event.data === "string") text = event.data;
        else if (event.data instanceof ArrayBuffer && event.data.byteLength < 4000)
          text = new TextDecoder().decode(event.data);
        if (/"execution_state": ?"(restarting|dead)"/.test(text)) { dead = true; lost(); }
      });
      this.addEventListener("close", () => {
        open.delete(this);
        clearTimeout(ending);
        // the next connection may be there by then
        if (!open.size) ending = setTimeout(lost, 1500);
      });
    }
  };
  document.addEventListener("change", () => {
    const asked = Date.now();
    clearTimeout(timer);
    timer = setTimeout(() => { if (heard < asked) lost(); }, 10000);
  });
  addEventListener("beforeunload", () => { leaving = true; });
  // Voila says goodbye to the kernel too, but only once it has loaded, and not on every phone
  addEventListener("pagehide", () => {
    const told = document.getElementById("jupyter-config-data");
    if (!told) return;
    const { baseUrl, kernelId } = JSON.parse(told.textContent);
    if (kernelId) navigator.sendBeacon(`${baseUrl}voila/api/shutdown/${kernelId}`);
  });
  // a page brought back by the browser's back button has lost its kernel
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
})();
