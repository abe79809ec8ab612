"""A browser that visits the chat: starting the server, and a page that remembers what went wrong on it."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE = 90_000
"""Milliseconds that anything may take; generous, since a machine that runs tests can be busy."""


def served(folder, *arguments, script="serve.py"):
    command = [sys.executable, str(Path(__file__).with_name(script)), str(folder), *arguments]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True)
        try:
            address = process.stdout.readline().strip().rstrip("/")
            if not address:
                process.wait(PATIENCE / 1000)
                said.seek(0)
                raise RuntimeError(f"the chat did not start: {said.read()[-3000:]}")
            yield address
        finally:
            process.communicate("", timeout=PATIENCE / 1000)


class Visit:
    """A page that remembers what went wrong on it."""

    def __init__(self, browser, address, script="", **options):
        self.context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 900}, "accept_downloads": True, **options}
        )
        self.context.set_default_timeout(PATIENCE)
        if script:
            self.context.add_init_script(script)
        self.page = self.context.new_page()
        self.faults, self.outside = [], []
        self.page.on("console", lambda m: self.faults.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.faults.append(str(e)))
        self.page.on("request", lambda r: self.outside.append(r.url) if self._leaves(r.url) else None)
        self.page.on("websocket", lambda s: self.outside.append(s.url) if "127.0.0.1" not in s.url else None)
        self.page.goto(address)

    @staticmethod
    def _leaves(url):
        return not re.match(r"http://127\.0\.0\.1[:/]|data:|blob:", url)

    def ready(self):
        self.page.wait_for_selector(".welcome")
        self.page.wait_for_selector("#history-list > *", state="attached")  # the last thing that is filled in
        return self

    def reload(self):
        """Open the page anew; that the one which is left loses its connections is no fault of it."""
        before = len(self.faults)
        self.page.reload()
        left = [fault for fault in self.faults[before:] if not re.search("AbortError|Connection errored out", fault)]
        self.faults[before:] = left
        return self.ready()

    def ask(self, question):
        self.page.fill("#question textarea", question)
        self.page.keyboard.press("Enter")
        self.answered(question)

    def answered(self, question):
        self.page.wait_for_function(
            "q => { const a = document.querySelector('#live .asked'); return a && a.innerText === q"
            " && !document.querySelector('.card.progress') }",
            arg=question,
        )

    def put(self, where, *files):
        """Put files into an upload area and wait until the server has them."""
        self.page.set_input_files(f"{where} input[type=file]", [str(file) for file in files])
        self.page.locator(f"{where} .file-preview tr").nth(len(files) - 1).wait_for()

    def live(self, selector, **options):
        return self.page.locator(f"#live {selector}", **options)

    def panel(self, selector="", **options):
        return self.page.locator(f"#inspector {selector}", **options)

    def in_view(self, selector):
        """Wait until an element can be seen inside the box that scrolls it."""
        self.page.wait_for_function(
            "s => { const e = document.querySelector(s), box = e?.closest('.document-text, .page-picture');"
            " if (!e || !box) return false; const a = e.getBoundingClientRect(), b = box.getBoundingClientRect();"
            " return a.height > 0 && a.top >= b.top && a.bottom <= b.bottom }",
            arg=selector,
        )

    def tab(self, name):
        self.page.get_by_role("tab", name=name).click()

    def hindrances(self):
        """Return the serious accessibility faults that axe-core finds on the page as it is."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        run = "async () => (await axe.run()).violations.map(v => [v.id, v.impact, v.nodes[0].html])"
        for _ in range(6):  # what is still fading in has too little contrast
            self.page.wait_for_timeout(500)
            found = [fault for fault in self.page.evaluate(run) if fault[1] in ("serious", "critical")]
            if not found:
                break
        return found

    def check(self):
        assert self.faults == []
        assert self.outside == []
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, "the page scrolls sideways"
