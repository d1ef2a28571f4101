"""Reads the documents: their fenced blocks and links; runs their shell blocks against a server; compares answers."""
import json
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from support.usher import BINARY, ROOT

DOCS = ROOT / "docs"
BASE_URL = "http://127.0.0.1:3000"  # as the documents write it
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```\s*$", re.M | re.S)


@dataclass
class Block:
    document: str
    line: int
    language: str
    text: str
    answer: "Block" = None  # the ```json or ```http block that follows directly


def documents():
    """All that people read: docs/ and the pages at the root."""
    return sorted(path for path in [*DOCS.rglob("*.md"), *ROOT.glob("*.md")] if path.is_file())


def blocks(path):
    text = path.read_text()
    found, end_before = [], 0
    for match in FENCE.finditer(text):
        block = Block(path.name, text.count("\n", 0, match.start()) + 1, match[1], match[2])
        directly = not text[end_before:match.start()].strip()
        if found and directly and block.language in ("json", "http"):
            found[-1].answer = block
        found.append(block)
        end_before = match.end()
    return found


def is_run(block):
    """```bash blocks are run when they call the server or a command that ends; ```sh blocks are only shown."""
    commands = [line for line in block.text.splitlines() if re.match(r"\s*(\S+=\$\()?(curl|usher|printf .* usher) ", line)]
    return block.language == "bash" and bool(commands) and "usher serve" not in block.text


@dataclass
class Ran:
    block: Block
    exit_status: int
    statuses: list  # of each curl, in order
    output: str
    errors: str

    @property
    def expected_status(self):
        found = re.findall(r"#\s*(\d{3})\s*$", self.block.text, re.M)
        return int(found[-1]) if found else None


def run_blocks(path, server):
    """Runs a document's blocks in one shell, so that what one sets the next can use."""
    wanted = [block for block in blocks(path) if is_run(block)]
    with tempfile.TemporaryDirectory(prefix="usher-docs-") as directory:
        home = Path(directory)
        # What each curl was answered; the reader of the page sees nothing of it.
        (home / ".curlrc").write_text('silent\nshow-error\nmax-time = 20\nwrite-out = "%{stderr}\\n[status %{http_code}]\\n"\n')
        (home / "bin").mkdir()
        (home / "bin/usher").symlink_to(BINARY)
        script = "".join(f"{{\n{b.text.replace(BASE_URL, server.url)}\n}} >{i}.out 2>{i}.err\necho $? >{i}.exit\n" for i, b in enumerate(wanted))
        env = {"PATH": f"{home}/bin:{os.environ['PATH']}", "CURL_HOME": directory, "HOME": directory, "USHER_DATA_DIR": server.data_dir,
               "LC_ALL": "C.UTF-8"}
        subprocess.run(["bash"], input=script, cwd=directory, env=env, text=True, timeout=120, check=True)
        return [read_run(home, i, block) for i, block in enumerate(wanted)]


def read_run(home, i, block):
    errors = (home / f"{i}.err").read_text()
    statuses = [int(status) for status in re.findall(r"\[status (\d{3})\]", errors)]
    return Ran(block, int((home / f"{i}.exit").read_text()), statuses, (home / f"{i}.out").read_text(), errors)


def difference(expected, actual, where="answer"):
    """Why `actual` is not what a document shows; None when it is. `…` in a text stands for any text."""
    if type(expected) is not type(actual):
        return f"{where} is {actual!r}, not {expected!r}"
    if isinstance(expected, dict):
        if expected.keys() != actual.keys():
            return f"{where} has the fields {sorted(actual)}, not {sorted(expected)}"
        return first(difference(expected[key], actual[key], f"{where}.{key}") for key in expected)
    if isinstance(expected, list):
        if len(expected) != len(actual):
            return f"{where} has {len(actual)} items, not {len(expected)}"
        return first(difference(e, a, f"{where}[{i}]") for i, (e, a) in enumerate(zip(expected, actual)))
    if isinstance(expected, str):
        pattern = ".*".join(re.escape(part) for part in expected.split("…"))
        return None if re.fullmatch(pattern, actual, re.S) else f"{where} is {actual!r}, not {expected!r}"
    if isinstance(expected, bool) and expected != actual:
        return f"{where} is {actual}, not {expected}"
    return None  # numbers differ from machine to machine; their type does not


def first(findings):
    return next((finding for finding in findings if finding), None)


def wrong_answer(ran):
    """Why the output of a block is not what the document shows behind it; None when it is, or when it shows nothing."""
    shown = ran.block.answer
    if shown is None:
        return None
    if shown.language == "http":
        return wrong_head(shown.text.strip().splitlines(), ran.output.replace("\r", "").splitlines())
    try:
        actual = json.loads(ran.output)
    except ValueError:
        return f"the output is not JSON: {ran.output[:500]!r}"
    return difference(json.loads(shown.text), actual)


def wrong_head(expected, actual):
    def found(line):
        pattern = ".+".join(re.escape(part) for part in line.split("…"))
        return any(re.fullmatch(pattern, given) for given in actual)

    return first(f"{line!r} is not in the answer" for line in expected if not found(line))


def anchors(path):
    """The fragments that GitHub makes for the headings of a page."""
    text = FENCE.sub("", path.read_text())
    titles = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).lower()).replace(" ", "-") for title in titles}


def links(path):
    text = FENCE.sub("", path.read_text())
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:", link)]
