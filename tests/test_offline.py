"""Nothing reaches for the network, and serving never loads the training stack."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parent.parent

# Index, ask and serve in one process whose only addresses are its own. Run inside a network namespace where the
# machine allows one (there is then no network at all, for any library in any language); a guard on Python's sockets
# stands in every case and fails the run at the first look outside.
SCRIPT = """
import fcntl, socket, struct, sys, threading

def loopback_up():
    with socket.socket() as s:
        try:
            fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))
        except OSError:
            pass

loopback_up()
looked = []
connect, resolve = socket.socket.connect, socket.getaddrinfo

def guarded_connect(self, address):
    if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
        looked.append(address)
        raise OSError("no network")
    return connect(self, address)

def guarded_resolve(host, *rest, **more):
    if host not in ("127.0.0.1", "::1", "localhost", None):
        looked.append(host)
        raise OSError("no network")
    return resolve(host, *rest, **more)

socket.socket.connect, socket.getaddrinfo = guarded_connect, guarded_resolve

from corpus.__main__ import main as corpus
from assistant.__main__ import main as ask
assert corpus(["index", "--data", sys.argv[1]]) == 0
assert ask(["ask", "What are virtual school heads not being asked to do?", "--data", sys.argv[1]]) == 0

import httpx, uvicorn
from pathlib import Path
from assistant.build import build_assistant
from corpus.settings import CorpusSettings
from ui.app import create_app
server = uvicorn.Server(uvicorn.Config(create_app(build_assistant(CorpusSettings(data=Path(sys.argv[1]))), Path(sys.argv[1])), host="127.0.0.1", port=8765, log_level="error"))
thread = threading.Thread(target=server.run)
thread.start()
while not server.started:
    thread.join(0.05)
    assert thread.is_alive()
page = httpx.get("http://127.0.0.1:8765/chat/", timeout=30)
assert page.status_code == 200
answer = httpx.post("http://127.0.0.1:8765/v1/ask", json={"question": "What is the extended role?"}, timeout=30)
assert answer.status_code == 200, answer.text
server.should_exit = True
thread.join()
assert looked == [], looked
print("all done offline")
"""


def test_index_ask_and_serve_with_networking_cut_off(tmp_path):
    cut_off = ["unshare", "--map-root-user", "--net"]
    possible = shutil.which("unshare") and subprocess.run([*cut_off, "true"], capture_output=True).returncode == 0
    script = tmp_path / "offline.py"
    script.write_text(textwrap.dedent(SCRIPT))
    run = subprocess.run(
        [*(cut_off if possible else []), sys.executable, str(script), str(tmp_path / "data")],
        capture_output=True,
        text=True,
        timeout=240,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert "all done offline" in run.stdout


def test_serving_never_imports_torch_or_sentence_transformers(data):
    script = f"""
import sys
from pathlib import Path
from assistant.build import build_assistant
from assistant.domain import Question
from corpus.settings import CorpusSettings
from ui.app import create_app
assistant = build_assistant(CorpusSettings(data=Path({str(data)!r})))
create_app(assistant, Path({str(data)!r}))
assert assistant.answer(Question("What is the extended role?")).outcome.value == "answered"
heavy = [name for name in ("torch", "sentence_transformers", "transformers", "llama_index", "sklearn", "ragas") if name in sys.modules]
assert not heavy, heavy
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert run.returncode == 0, run.stderr[-3000:]


def test_packages_read_no_environment_when_imported():
    script = """
import os
class Watched(dict):
    pass
read = []
real = os.environ.__class__.__getitem__
def watched(self, key):
    if str(key).startswith("VSA_") or key in ("HOST", "PORT"):
        read.append(key)
    return real(self, key)
os.environ.__class__.__getitem__ = watched
import assistant.build, assistant.api, corpus.indexing, corpus.exporting, evals.running, ui.app
assert read == [], read
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert run.returncode == 0, run.stderr[-3000:]
