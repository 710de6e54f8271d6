"""What a stranger tries on a running server, with a real client: nothing of it may work."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import re
import socket
import struct
import time
import urllib.parse
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import stand_in
import websocket
from real_browser import TOKEN

from equity import serve as serving
from equity.serve._channel import LARGEST
from equity.serve._door import Hosts, is_local
from equity.widgets import _safety

V1 = "v1.kernel.websocket.jupyter.org"
SCRATCH = "/voila/render/scratch.ipynb"
# what only stands in sources, settings, or elsewhere on this machine
SECRETS = ("import stand_in", "w.setup()", "VoilaConfiguration", "root:x:", stand_in.SECRET)
INSIDE = ("Traceback", 'File "', ".py", "ipykernel", "site-packages", *SECRETS)


def ask(server, path, method="GET", body=None, **headers) -> SimpleNamespace:
    """Send exactly this path and these headers: no client of ours tidies them up."""
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    link.putrequest(method, path, skip_host="Host" in sent)
    for name, value in sent.items():
        link.putheader(name, value)
    if body is not None:
        link.putheader("Content-Type", "application/x-www-form-urlencoded")
        link.putheader("Content-Length", str(len(body)))
    link.endheaders(body.encode() if body is not None else None)
    answer = link.getresponse()
    said = SimpleNamespace(
        status=answer.status, headers=answer.headers, text=answer.read().decode(errors="replace")
    )
    link.close()
    return said


def kernel_of(page: str) -> str:
    return re.findall(r'"kernelId": ?"([^"]+)"', page)[0]


def is_alive(server, kernel: str) -> bool:
    return ask(server, f"/api/kernels/{kernel}").status == 200


def call(address: str, **options: Any) -> websocket.WebSocket:
    """Open a socket, and see to it that it is closed, which the client may forget."""
    port = int(address.split(":")[2].split("/")[0])
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    OPEN.append(plain)
    return websocket.create_connection(address, timeout=10, socket=plain, **options)


OPEN: list[socket.socket] = []


@pytest.fixture(autouse=True)
def hang_up():
    yield
    while OPEN:
        OPEN.pop().close()


def join(server, kernel, protocol: str | None = V1, **options: Any) -> websocket.WebSocket:
    address = f"ws://127.0.0.1:{server.port}/api/kernels/{kernel}/channels"
    options.setdefault("suppress_origin", "origin" not in options)
    line = call(
        f"{address}?session_id={uuid.uuid4()}",
        subprotocols=[protocol] if protocol else None,
        **options,
    )
    line.binary = False
    until_info(line)  # what is told before the server has joined in is lost
    return line


def message(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    header = {"msg_id": str(uuid.uuid4()), "msg_type": kind, "session": "s", "username": "u"}
    header |= {"version": "5.4", "date": "2026-01-01T00:00:00Z"}
    return {"header": header, "parent_header": {}, "metadata": {}, "content": content}


def as_v1(channel: str, said: dict[str, Any]) -> bytes:
    parts = [channel.encode()]
    parts += [json.dumps(said[k]).encode() for k in list(said)]
    starts = [8 * (len(parts) + 2)]
    for part in parts:
        starts.append(starts[-1] + len(part))
    return struct.pack(f"<{len(starts) + 1}Q", len(starts), *starts) + b"".join(parts)


def send(line, channel: str, said: dict[str, Any]) -> None:
    if line.subprotocol == V1:
        line.send_binary(as_v1(channel, said))
    elif line.binary:
        text = json.dumps({**said, "channel": channel, "buffers": []}).encode()
        line.send_binary(struct.pack("!II", 1, 8) + text)
    else:
        line.send(json.dumps({**said, "channel": channel}))


def until_info(line) -> str:
    """Ask for what every page asks, wait for the answer, and return all that came before it."""
    send(line, "shell", message("kernel_info_request", {}))
    heard = ""
    end = time.monotonic() + 10
    while "kernel_info_reply" not in heard:
        assert time.monotonic() < end, "the kernel does not answer any more"
        frame = line.recv()
        heard += frame.decode(errors="replace") if isinstance(frame, bytes) else frame
    return heard


@pytest.fixture(scope="module")
def kernel(voila_server) -> str:
    """A page that somebody has opened, and whose kernel the attacker knows."""
    return kernel_of(ask(voila_server, SCRATCH).text)


@pytest.fixture(params=["v1", "text", "binary"])
def line(request, voila_server, kernel):
    line = join(voila_server, kernel, V1 if request.param == "v1" else None)
    line.binary = request.param == "binary"
    yield line
    line.close()


# ------------------------------------------------------------ the channel to the kernel

CODE = "open({!r}, 'w').write('ran')"


def test_no_code_runs_whatever_is_sent_on_whichever_channel(line, voila_server, kernel, tmp_path):
    proof = tmp_path / "ran"
    code = CODE.format(str(proof))
    run = {"code": code, "silent": False, "allow_stdin": False, "user_expressions": {"x": code}}
    tried = {
        "execute_request": run,
        "inspect_request": {"code": "stand_in", "cursor_pos": 3, "detail_level": 1},
        "complete_request": {"code": "stand_in.", "cursor_pos": 9},
        "is_complete_request": {"code": "1"},
        "history_request": {"hist_access_type": "tail", "n": 99, "output": True, "raw": True},
        "debug_request": {"command": "evaluate", "arguments": {"expression": code}},
        "usage_request": {},
        "create_subshell_request": {},
        "input_reply": {"value": code},
        "interrupt_request": {},
        "shutdown_request": {"restart": False},
        "apply_request": {"code": code},
    }
    for channel in ("shell", "control", "stdin", "iopub", "hb", ""):
        for kind, content in tried.items():
            send(line, channel, message(kind, content))
    # a type that a reader who stops early takes for a harmless one
    odd = message("kernel_info_request", run)
    odd["header"] = {"msg_type": "kernel_info_request", **odd["header"]}
    odd["header"]["msg_type "] = "execute_request"
    odd["parent_header"] = message("execute_request", run)["header"]
    send(line, "shell", odd)
    heard = until_info(line)
    time.sleep(0.3)
    assert not proof.exists()
    assert is_alive(voila_server, kernel), "nor can a stranger end it"
    for answer in (
        "execute_reply",
        "inspect_reply",
        "history_reply",
        "debug_reply",
        "complete_re",
    ):
        assert answer not in heard


def test_a_type_given_twice_is_read_alike_by_all(voila_server, kernel, tmp_path):
    proof = tmp_path / "ran"
    line = join(voila_server, kernel, None)
    run = json.dumps(message("execute_request", {"code": CODE.format(str(proof))}))
    for first, last in (("kernel_info_request", "execute_request"), ("execute_request", "x")):
        twice = run.replace(
            '"msg_type": "execute_request"', f'"msg_type": "{first}", "msg_type": "{last}"'
        )
        line.send(twice[:-1] + ', "channel": "shell"}')
    until_info(line)
    line.close()
    assert not proof.exists()


def test_no_widget_can_be_opened_that_the_page_did_not_make(line):
    name, state = (
        uuid.uuid4().hex,
        {"_model_name": "FloatTextModel", "_view_name": "FloatTextView"},
    )
    state |= {"_model_module": "@jupyter-widgets/controls", "_view_module": "x"}
    opened = {"comm_id": name, "target_name": "jupyter.widget", "data": {"state": state}}
    send(line, "shell", message("comm_open", opened))
    send(line, "shell", message("comm_open", {**opened, "target_name": "os"}))
    send(line, "shell", message("comm_info_request", {}))
    assert name not in until_info(line)


def states(line) -> dict[str, Any]:
    """Return the widgets of a page as a page asks for them."""
    name = uuid.uuid4().hex
    opened = {"comm_id": name, "target_name": "jupyter.widget.control", "data": {}}
    send(line, "shell", message("comm_open", opened) | {"metadata": {"version": "1.0.0"}})
    asked = {"comm_id": name, "data": {"method": "request_states"}}
    send(line, "shell", message("comm_msg", asked))
    end = time.monotonic() + 10
    while time.monotonic() < end:
        frame = line.recv()
        text = frame.decode(errors="replace") if isinstance(frame, bytes) else frame
        if '"update_states"' in text:
            at = text.index("{", text.index('"states"'))
            return json.JSONDecoder().raw_decode(text[at:])[0]
    raise AssertionError("no widgets were told of")


def test_what_is_not_on_offer_cannot_be_chosen_and_no_error_says_where(voila_server, kernel):
    line = join(voila_server, kernel)
    before = states(line)
    chosen = {k: w["state"]["index"] for k, w in before.items() if "index" in w.get("state", {})}
    assert len(chosen) >= 4
    figures = [k for k, w in before.items() if "rows" in w["state"]]
    wrong = [
        {"index": 999},
        {"index": "x' OR 1=1"},
        {"index": {"a": [1]}},
        {"index": -5},
        {"_options_labels": 5, "index": 2**70},
        {"value": "Nowhere", "picked": "Nowhere"},
        {"__class__": "x", "observe": 1},
    ]
    heard = ""
    for widget in chosen:
        for state in wrong:
            update = {"method": "update", "state": state, "buffer_paths": []}
            send(line, "shell", message("comm_msg", {"comm_id": widget, "data": update}))
    for widget in figures:
        for content in (None, 5, {"what": "nothing"}, ["x"], "workbook", {"kind": "../../x"}):
            custom = {"method": "custom", "content": content}
            send(line, "shell", message("comm_msg", {"comm_id": widget, "data": custom}))
    send(line, "shell", message("comm_msg", {"comm_id": "none", "data": {"method": "update"}}))
    heard += until_info(line)
    after = states(line)
    line.close()
    assert {k: w["state"]["index"] for k, w in after.items() if k in chosen} == chosen
    assert not re.search(r"\w\.py\b", heard), "a viewer was told of a file"
    for word in (*SECRETS, "Traceback", 'File "', "site-packages"):
        assert word not in heard, f"a viewer was told {word!r}"


LIES = [
    (2**40).to_bytes(8, "little") + b"x" * 64,
    (2**64 - 1).to_bytes(8, "little") * 9,
    struct.pack("<3Q", 2, 2**50, 0),
    b"",
    b"\x00" * 100,
    os.urandom(200),
]


@pytest.mark.parametrize("protocol", [V1, None])
def test_a_message_that_lies_about_itself_ends_its_connection_and_nothing_else(
    voila_server, kernel, protocol
):
    legacy = [struct.pack("!i", 2**31 - 1) + b"x", struct.pack("!i", -1), b"\xff" * 9]
    texts = ["{", "[" * 50_000, '{"header": 5}', '{"header": {}, "content": {}}', "null", "\u2603"]
    began = time.monotonic()
    for lie in [*(LIES if protocol else legacy), *texts]:
        line = join(voila_server, kernel, protocol)
        line.send(lie) if isinstance(lie, str) else line.send_binary(lie)
        assert closes_with(line) in (0, 1007), lie
        line.shutdown()
    assert time.monotonic() - began < 10
    assert is_alive(voila_server, kernel)
    assert ask(voila_server, "/").status == 200


def closes_with(line) -> int:
    """Return the code with which the server closes a connection; 0: none. It must close it."""
    line.settimeout(10)
    while True:
        try:
            opcode, data = line.recv_data(control_frame=True)
        except websocket.WebSocketTimeoutException:
            return -1
        except (websocket.WebSocketException, OSError):
            return 0
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            return struct.unpack("!H", data[:2])[0]


def test_a_message_that_is_too_large_and_too_many_of_them_end_the_connection(voila_server, kernel):
    line = join(voila_server, kernel)
    big = message("comm_msg", {"comm_id": "x", "data": {"method": "update", "x": "y" * LARGEST}})
    send(line, "shell", big)
    assert closes_with(line) in (0, 1009), "nothing that large is read"
    line = join(voila_server, kernel)
    with contextlib.suppress(websocket.WebSocketException, OSError):
        for _ in range(2000):
            send(line, "shell", message("comm_info_request", {"target_name": "none"}))
    assert closes_with(line) in (0, 1008)
    line.shutdown()
    assert is_alive(voila_server, kernel)
    body = "next=" + "x" * 200_000
    with pytest.raises((AssertionError, OSError, http.client.HTTPException)):
        assert ask(voila_server, "/login", "POST", body).status == 200


# ------------------------------------------------------------ other sites


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://127.0.0.1",
        "http://127.0.0.1.evil.example",
        "file://",
    ],
)
def test_a_page_of_another_site_gets_no_connection(voila_server, kernel, origin):
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        join(voila_server, kernel, origin=origin)
    assert refused.value.status_code == 403


def test_a_name_that_was_made_to_lead_here_is_not_answered(voila_server, kernel):
    port = voila_server.port
    strange = ["evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil"]
    strange += ["127.0.0.1@evil.example", "10.0.0.5", "2130706433", "<script>", "a b", "[::1].x"]
    for host in strange:
        for path in ("/", SCRATCH, "/voila/static/voila.js", f"/api/kernels/{kernel}"):
            said = ask(voila_server, path, Host=host)
            assert said.status in (400, 421), (host, path)
            assert "Scratch Police" not in said.text and "kernelId" not in said.text
        with pytest.raises(websocket.WebSocketBadStatusException):
            join(voila_server, kernel, host=host, origin=f"http://{host}")
    for host in ("localhost", f"localhost:{port}", "127.0.0.1", f"[::1]:{port}"):
        assert ask(voila_server, "/", Host=host).status == 200


def test_another_site_can_neither_start_nor_end_a_kernel(voila_server, kernel):
    before = voila_server.kernels()
    for kind in ("image", "iframe", "empty", "script"):
        asked = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"}
        assert ask(voila_server, SCRATCH, **asked, Sec_Fetch_Dest=kind).status == 403
    evil = {"Origin": "http://evil.example"}
    goodbye = f"/voila/api/shutdown/{kernel}"
    assert ask(voila_server, goodbye, "POST", "", **evil).status == 403
    assert ask(voila_server, f"/api/kernels/{kernel}", "DELETE").status == 405
    for action in ("restart", "interrupt"):
        assert ask(voila_server, f"/api/kernels/{kernel}/{action}", "POST", "").status == 404
    assert ask(voila_server, "/api/kernels", "POST", "{}").status == 404
    assert is_alive(voila_server, kernel)
    assert voila_server.kernels() <= before
    said = ask(voila_server, f"/api/kernels/{kernel}", **evil)
    assert "Access-Control-Allow-Origin" not in said.headers


# ------------------------------------------------------------ files

UP = ["../", "..%2f", "%2e%2e/", "%2e%2e%2f", "....//", "..%5c", "..;/", "%252e%252e%252f", "..\\"]
ROOTS = ["/voila/files/", "/voila/static/", "/voila/templates/equity/static/", "/voila/render/"]
ROOTS += ["/voila/labextensions/anywidget/static/", "/voila/api/themes/", "/static/", "/files/"]
FILES = [
    "/voila/files/scratch.ipynb",
    "/voila/files/scratch.ipynb/",
    "/voila/files/voila.json",
    "/voila/files/voila.json/",
    "/voila/files/share",
    "/voila/files//scratch.ipynb",
    "/voila/files/./scratch.ipynb",
    "/files/scratch.ipynb",
    "/files/scratch.ipynb?download=1",
    "/notebooks/scratch.ipynb",
    "/nbconvert/script/scratch.ipynb",
    "/view/scratch.ipynb",
    "/edit/scratch.ipynb",
    "/api/contents",
    "/api/contents/scratch.ipynb",
    "/voila/api/contents/scratch.ipynb",
    "/voila/api/contents",
    "/api/sessions",
    "/api/kernelspecs",
    "/api/terminals",
    "/api/config/x",
    "/api/me",
    "/metrics",
    "/lab",
    "/tree",
    "/voila/tree",
    "/voila/tree/share",
    "/voila/tree/scratch.ipynb",
    "/voila/render",
    "/voila/render/",
    "/voila/render/voila.json",
    "/voila/render/../scratch.ipynb",
    "/voila/render/.ipynb_checkpoints/scratch-checkpoint.ipynb",
    "/voila/render/_hidden.ipynb",
    "/voila/render/share/x.ipynb",
    "/voila/render//scratch.ipynb",
    "/voila/query/0-0-0-0-0",
    "/voila/execution/0-0-0-0-0",
    "/voila/templates/equity/static/../index.html.j2",
    "/voila/templates/equity/index.html.j2",
    "/voila/templates/lab/static/../conf.json",
    "/voila/templates/../../../../etc/passwd",
    "/voila/templates/x/y",
    "/voila/templates/x",
    "/voila/static/",
    "/voila/labextensions/anywidget/package.json",
    "/voila/labextensions/jupyterlab-jupytext/package.json",
    "/voila/api/themes/@jupyterlab/theme-light-extension/index.css",
]


def test_no_path_leads_to_a_file_that_no_page_declares(voila_server, scratch):
    hidden = scratch.dashboards / "_hidden.ipynb"
    hidden.write_bytes((scratch.dashboards / "scratch.ipynb").read_bytes())
    paths = list(FILES)
    deep = str(scratch.dashboards).lstrip("/")
    for root in ROOTS:
        for up in UP:
            paths += [f"{root}{up * 12}etc/passwd", f"{root}{up}voila.json"]
        paths += [f"{root}/etc/passwd", f"{root}{deep}/voila.json", f"{root}voila.json%00.png"]
        paths += [f"{root}.git/config", f"{root}~root/.bashrc"]
    try:
        for path in paths:
            said = ask(voila_server, path)
            assert said.status in (400, 403, 404), (path, said.status)
            for word in INSIDE:
                assert word not in said.text, (path, word)
            if said.status != 400:
                assert '<html lang="en">' in said.text and "<main" in said.text, path
    finally:
        hidden.unlink()
    for path in ("/voila/static/voila.js", "/voila/templates/equity/static/page.js"):
        assert ask(voila_server, path).status == 200, "what a page needs is served"


def test_nobody_but_us_says_how_a_page_is_made(voila_server):
    said = ask(voila_server, f"{SCRATCH}?template=python&theme=../../x")
    assert said.status == 200 and 'class="eq-body"' in said.text
    assert not any(word in said.text for word in SECRETS)
    ask(voila_server, f"/voila/api/shutdown/{kernel_of(said.text)}", "POST", "")
    landing = ask(voila_server, "/?classic-tree=false&theme=x&template=python")
    assert "Scratch figures" in landing.text and 'class="eq-body"' in landing.text


def test_every_answer_tells_the_browser_what_it_may_do(voila_server):
    for path in (
        "/",
        "/nothing",
        "/voila/static/voila.js",
        "/voila/templates/equity/static/page.js",
    ):
        headers = ask(voila_server, path).headers
        policy = headers["Content-Security-Policy"]
        assert "unsafe-eval" not in policy and "frame-ancestors 'none'" in policy
        assert "object-src 'none'" in policy and "default-src 'self'" in policy
        near = f"connect-src 'self' ws://127.0.0.1:{voila_server.port} wss://"
        assert near in policy, "not to any other host"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["X-Frame-Options"] == "DENY"
        assert "Server" not in headers and "Set-Cookie" not in headers


# ------------------------------------------------------------ the token

LOCKED = "/equity" + SCRATCH


def test_without_the_token_nothing_opens(locked_server):
    server, before = locked_server, locked_server.kernels()
    for path in ("/equity/", LOCKED, "/equity/nothing", f"{LOCKED}?token={TOKEN}"):
        for headers in ({}, {"Authorization": "token wrong"}, {"Cookie": 'equity-viewer="2|in"'}):
            said = ask(server, path, **headers)
            assert said.status == 302 and said.headers["Location"].startswith(
                "/equity/login?next="
            )
            assert "Scratch" not in said.text and "Set-Cookie" not in said.headers
    some = "/equity/api/kernels/0a-0b-0c-0d-0e"
    for path in (some, f"{some}?token={TOKEN}"):
        assert ask(server, path).status == 403
    assert ask(server, "/equity/voila/api/shutdown/0a-0b-0c-0d-0e", "POST", "").status == 403
    assert ask(server, "/equity/voila/files/a.png").status in (403, 404)
    for path in ("/", SCRATCH, "/login"):
        assert ask(server, path).status in (302, 404), "only under its own path"
    for extra in ("", f"&token={TOKEN}"):
        with pytest.raises(websocket.WebSocketBadStatusException) as refused:
            address = f"ws://127.0.0.1:{server.port}{some}/channels?session_id=x{extra}"
            call(address)
        assert refused.value.status_code == 403
    assert server.kernels() == before


def log_in(server, token=TOKEN, after="", **headers):
    body = urllib.parse.urlencode({"token": token, "next": after})
    return ask(server, "/equity/login", "POST", body, **headers)


def test_the_token_opens_and_leaves_a_cookie_that_only_the_server_reads(locked_server):
    wrong = log_in(locked_server, TOKEN[:-1])
    assert wrong.status == 401 and "That is not the token" in wrong.text
    assert "Set-Cookie" not in wrong.headers
    said = log_in(locked_server, after=LOCKED)
    assert (said.status, said.headers["Location"]) == (303, LOCKED)
    cookie = said.headers["Set-Cookie"]
    for flag in ("HttpOnly", "SameSite=Lax", "Path=/equity/"):
        assert flag in cookie
    assert "Secure" not in cookie and TOKEN not in cookie
    behind = log_in(locked_server, X_Forwarded_Proto="https", Host="dashboards.example.gov")
    assert "Secure" in behind.headers["Set-Cookie"]
    kept = cookie.split(";")[0]
    assert ask(locked_server, "/equity/", Cookie=kept).status == 200
    assert ask(locked_server, "/equity/", Authorization=f"token {TOKEN}").status == 200
    assert ask(locked_server, "/equity/", Cookie=kept[:-3]).status == 302
    evil = log_in(locked_server, Origin="http://evil.example")
    assert evil.status == 403 and "Set-Cookie" not in evil.headers


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/equity/\r\nX: y", "/other"],
)
def test_the_log_in_page_leads_nowhere_else(locked_server, elsewhere):
    assert log_in(locked_server, after=elsewhere).headers["Location"] == "/equity/"
    asked = f"/equity/login?next={urllib.parse.quote(elsewhere)}"
    assert "evil" not in ask(locked_server, asked).text


def test_a_page_that_nobody_connects_to_loses_its_kernel_and_no_kernel_knows_the_token(
    locked_server,
):
    before = locked_server.kernels()
    said = ask(locked_server, LOCKED, Authorization=f"token {TOKEN}")
    assert said.status == 200 and kernel_of(said.text)
    assert locked_server.kernels() == before + 1
    for kernel in locked_server.kernel_ids():
        assert TOKEN.encode() not in Path(f"/proc/{kernel}/environ").read_bytes()
    end = time.monotonic() + 20
    while locked_server.kernels() > before and time.monotonic() < end:
        time.sleep(0.2)
    assert locked_server.kernels() == before
    ask(locked_server, f"/equity/api/kernels/x-x-x-x-x?token={TOKEN}", Host="evil.example")
    for path in (locked_server.out, locked_server.log):
        assert not path.exists() or TOKEN not in path.read_text()


# ------------------------------------------------------------ what is refused at the start


def counts_there(tmp_path: Path) -> Path:
    stand_in.counts().write(tmp_path / "counts" / "stops.parquet")
    return tmp_path / "counts"


def test_a_weak_token_or_one_for_a_log_is_refused(tmp_path, monkeypatch):
    counts = counts_there(tmp_path)
    with pytest.raises(ValueError, match="24 characters or more"):
        serving.serve(counts, token="a" * 23)
    monkeypatch.setattr("sys.stdout", io.StringIO())
    for host in ("0.0.0.0", "10.1.2.3", "::"):
        with pytest.raises(ValueError, match="end up in a log.*EQUITY_TOKEN"):
            serving.serve(counts, host=host)
    with pytest.raises(ValueError, match="Name the address"):
        serving.serve(counts, host="")
    with pytest.raises(ValueError, match="without https://"):
        serving.serve(counts, names=["https://dashboards.example.gov/x"])
    with pytest.raises(ValueError, match="such as /equity/"):
        serving.serve(counts, base_url="/a b/")


def test_a_token_is_made_and_shown_where_others_can_come(monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    token, made = serving._token(None, "0.0.0.0")
    assert made and len(token) >= 40 and token != serving._token(None, "0.0.0.0")[0]
    words = " ".join(serving._where("http://x:1/", token, made, "0.0.0.0"))
    assert token in words and "HTTPS" in words
    assert serving._token(None, "127.0.0.1") == ("", False)
    given = " ".join(serving._where("http://x:1/", "b" * 24, False, "127.0.0.1"))
    assert "b" * 24 not in given


def test_names():
    assert [is_local(h) for h in ("127.0.0.1", "127.1.2.3", "::1", "localhost")] == [True] * 4
    assert [is_local(h) for h in ("0.0.0.0", "::", "10.0.0.1", "example.gov")] == [False] * 4
    near, far = Hosts("127.0.0.1", ["a.example.gov"]), Hosts("0.0.0.0")
    assert near.knows("A.example.gov:443") and near.knows("localhost:1") and near.knows("[::1]:1")
    assert not near.knows("10.0.0.1:8866") and far.knows("10.0.0.1:8866")
    assert not far.knows("b.example.gov") and not near.knows("") and not near.knows("a:b:c")


def test_a_notebook_refuses_any_other_server(monkeypatch):
    """As a part of another Jupyter server Voila would let viewers run code."""
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.13")
    monkeypatch.delenv("EQUITY_SERVED", raising=False)
    with pytest.raises(RuntimeError, match="equity serve"):
        _safety.setup()
