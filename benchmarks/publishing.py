"""A published site on a phone: sizes of its pages, time to the first chart, accessibility.

    .venv/bin/python benchmarks/publishing.py riverton/site

A mid-range phone is played by Chromium: 360 pixels wide, its processor four times slower, 150 ms
away on a line of 1.6 Mbit/s. The files are served as they are, not compressed. Sizes are exact;
times depend on this machine.
"""

from __future__ import annotations

import argparse
import functools
import gzip
import http.server
import platform
import threading
from pathlib import Path
from typing import Any

SLOWER, LATENCY, LINE = 4, 150, 1_600_000 / 8
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'none'; base-uri 'none'; form-action 'none'"
)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder with the policy of docs/publishing.md, and says nothing."""

    def end_headers(self) -> None:
        """Send the policy with every answer."""
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def first_chart(page: Any, address: str) -> float:
    """Return the seconds from asking for a page until its first chart is on the screen."""
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    client.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    client.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": LATENCY,
            "downloadThroughput": LINE,
            "uploadThroughput": LINE,
        },
    )
    page.goto(address, wait_until="commit")
    page.wait_for_selector("svg", state="attached")
    seconds = page.evaluate("performance.now() / 1000")
    client.detach()
    return seconds


def main() -> None:
    """Measure a site and print one table."""
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path, help="a folder that `equity publish` wrote")
    site = parser.parse_args().site
    handler = functools.partial(Quiet, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    root = f"http://127.0.0.1:{server.server_port}/"
    print(f"{platform.machine()}, Python {platform.python_version()}, {site.name}")
    print(f"{'page':<16}{'kB':>8}{'gzip kB':>9}{'states kB':>11}{'first chart s':>15}{'axe':>12}")
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for path in sorted(site.glob("*.html")):
            told = path.read_bytes()
            states = sum(p.stat().st_size for p in (site / "states" / path.stem).glob("*"))
            seconds, found = [], []
            charts = b"<svg" in told
            for scheme in ("light", "dark"):
                for width in (360, 1200):
                    context = browser.new_context(
                        viewport={"width": width, "height": 800}, color_scheme=scheme
                    )
                    page = context.new_page()
                    if charts and width < 1000:
                        seconds.append(first_chart(page, root + path.name))
                        context.close()
                        continue
                    page.goto(root + path.name)
                    found.append(Axe().run(page).violations_count)
                    context.close()
            print(
                f"{path.name:<16}{len(told) / 1000:>8.0f}{len(gzip.compress(told)) / 1000:>9.0f}"
                f"{states / 1000:>11.0f}"
                f"{f'{min(seconds):.2f}' if seconds else '':>15}{sum(found):>12}"
            )
        browser.close()
    shared = sum(p.stat().st_size for p in (site / "assets").glob("*"))
    print(f"shared by all pages: {shared / 1000:,.0f} kB")


if __name__ == "__main__":
    main()
