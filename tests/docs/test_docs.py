"""The documents are true: their calls are run, their answers compared, and what they name exists."""
import json
import re
import subprocess

import pytest

import documents as d
from support.scenario import vectors
from support.usher import BINARY, ROOT, Server

GUIDES = ["API_ENDPOINTS.md", "SESSION_MANAGEMENT.md", "SYSTEM_ARCHITECTURE.md", "RBAC_SETUP.md", "ROLE_ASSIGNMENT.md", "CLIENTS.md"]
PAGES = [d.DOCS / name for name in GUIDES]
README = ROOT / "README.md"
CALLED = [page for page in [*PAGES, README] if page.exists() and any(map(d.is_run, d.blocks(page)))]
GENERATED = d.DOCS / "reference"


def name(path):
    return str(path.relative_to(ROOT))


@pytest.fixture(scope="module")
def api():
    with Server() as server:
        yield server.get("/openapi.json").json


def operations(api):
    return {f"{method.upper()} {path}" for path, methods in api["paths"].items() for method in methods}


def text_outside_blocks(path):
    return d.FENCE.sub("", path.read_text())


def hand_written():
    return [path for path in d.documents() if GENERATED not in path.parents and d.DOCS / "decisions" not in path.parents]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_guide_is_there(page):
    assert page.exists()


@pytest.mark.parametrize("page", CALLED, ids=name)
def test_calls_answer_as_shown(page):
    with Server() as server:
        ran = d.run_blocks(page, server)
    problems = []
    for one in ran:
        where = f"{one.block.document}:{one.block.line}"
        if one.exit_status != 0:
            problems.append(f"{where}: exit status {one.exit_status}: {one.errors}")
        wanted = one.expected_status or 200
        if one.statuses and (one.statuses[-1] != wanted or any(status >= 300 for status in one.statuses[:-1])):
            problems.append(f"{where}: {one.statuses}, not {wanted}: {one.output[:500]}")
        if wrong := d.wrong_answer(one):
            problems.append(f"{where}: {wrong}")
    assert not problems, "\n".join(problems)
    calls, compared = sum(len(one.statuses) for one in ran), sum(one.block.answer is not None for one in ran)
    print(f"{page.name}: {len(ran)} blocks, {calls} calls, {compared} answers compared")


@pytest.mark.parametrize("path", d.documents(), ids=name)
def test_relative_links_lead_somewhere(path):
    dead = []
    for link in d.links(path):
        file, _, fragment = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if not target.exists():
            dead.append(link)
        elif fragment and target.suffix == ".md" and fragment not in d.anchors(target):
            dead.append(link)
    assert not dead


def test_every_route_has_a_heading_and_an_example(api):
    page = d.DOCS / "API_ENDPOINTS.md"
    headings = set(re.findall(r"^### ([A-Z]+ /\S*)$", page.read_text(), re.M))
    assert headings == operations(api)
    for section in re.split(r"^### ", page.read_text(), flags=re.M)[1:]:
        assert "```bash\n" in section, section.splitlines()[0]


@pytest.mark.parametrize("path", hand_written(), ids=name)
def test_routes_that_are_named_exist(path, api):
    known = {re.sub(r"\{\w+\}", "{}", operation) for operation in operations(api)} | {"HEAD /auth/check"}
    named = re.findall(r"`(GET|POST|PUT|PATCH|DELETE|HEAD) (/[^`?\s]*)(?:\?[^`]*)?`", text_outside_blocks(path))
    assert {f"{method} {re.sub(r'{[^}]+}', '{}', where)}" for method, where in named} <= known


def declared_errors():
    return dict(re.findall(r"^USHER_ERROR\((\w+), (\d+),", (ROOT / "src/core/errors.def").read_text(), re.M))


def test_every_error_code_is_documented_with_its_status():
    table = dict(re.findall(r"^\| `(\w+)` \| (\d{3}) \|", (d.DOCS / "API_ENDPOINTS.md").read_text(), re.M))
    assert table == declared_errors()


def test_end_reasons_are_those_of_the_source():
    declared = re.search(r"enum class EndReason \{(.*?)\}", (ROOT / "src/sessions/session.h").read_text(), re.S)[1]
    table = re.findall(r"^\| `(\w+)` \| .*\|$", section("SESSION_MANAGEMENT.md", "Why sessions end"), re.M)
    assert table and set(table) <= set(re.findall(r"\w+", declared))


def test_catalogue_of_permissions_is_documented():
    declared = re.findall(r'^    \{"([a-z]+:[a-z]+)",', (ROOT / "src/access/permission.h").read_text(), re.M)
    assert declared and re.findall(r"^\| `([a-z]+:[a-z]+)` \|", section("RBAC_SETUP.md", "The model"), re.M) == declared


def section(document, heading):
    return re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", (d.DOCS / document).read_text(), re.M | re.S)[1]


def run_usher(*words):
    return subprocess.run([str(BINARY), *words], capture_output=True, text=True, timeout=20, check=True).stdout


def test_tests_that_are_named_exist():
    """security.md says of each promise which test proves it."""
    text = (d.DOCS / "security.md").read_text()
    named, units = re.findall(r"`(\w+/test_\w+\.py)::(test_\w+)`", text), re.findall(r"`([A-Z]\w+)\.([A-Z]\w+)`", text)
    source = "".join(path.read_text() for path in (ROOT / "src").rglob("*_test.cc"))
    assert len(named) > 50 and len(units) > 2
    assert [f"{file}::{test}" for file, test in named if f"def {test}(" not in (ROOT / "tests" / file).read_text()] == []
    assert [f"{suite}.{test}" for suite, test in units if not re.search(rf"TEST(_F|_P)?\({suite}, {test}\)", source)] == []


def case_of(file, test):
    """The line of a test that says what it proves."""
    return re.search(rf'^def {test}\(.*?\n    """(.*?)"""', (ROOT / "tests" / file).read_text(), re.M | re.S)[1]


def test_every_attack_case_is_proved_or_does_not_apply():
    cases = {str(case["n"]): case["ids"] for case in json.loads(vectors("advisory-cases/cases.json").read_text())}
    rows = re.findall(r"^\| (\d+) \| (.*?) \| .*? \| (.*) \|$", section("security.md", "Attack cases"), re.M)
    assert [(number, ids) for number, ids, _ in rows] == list(cases.items())
    for number, _, proof in rows:
        named = re.findall(r"`(\w+/test_\w+\.py)::(test_\w+)`", proof)
        assert named or proof.startswith("does not apply: "), number
        for file, test in named:
            assert "attacks" not in file or re.search(rf"(Case|and) {number}, ", case_of(file, test)), (number, test)


@pytest.mark.parametrize("path", hand_written(), ids=name)
def test_settings_that_are_named_exist(path):
    known = set(re.findall(r"^[* ] (\S+) =", run_usher("config"), re.M))
    groups = "|".join({setting.split(".")[0] for setting in known})
    text = path.read_text()
    named = set(re.findall(rf"`((?:{groups})\.[a-z_]+)(?:=[^`]*)?`", text)) | set(re.findall(r"--([a-z]+\.[a-z_]+)[= ]", text))
    assert named <= known
    variables = {"USHER_" + setting.upper().replace(".", "_") for setting in known}
    in_text = set(re.findall(r"\bUSHER_[A-Z_]+[A-Z]\b", text)) - {"USHER_BINARY", "USHER_VECTORS", "USHER_LONG", "USHER_LONG_FAULTS", "USHER_ERROR"}
    assert {variable.removesuffix("_FILE") for variable in in_text} <= variables


@pytest.mark.parametrize("path", hand_written(), ids=name)
def test_commands_that_are_named_exist(path):
    known = set(re.findall(r"^  ([a-z]+(?: [a-z]+)?)", run_usher("--help"), re.M))
    named = re.findall(r"(?:`|^|\| )usher ([a-z]+)(?: ([a-z]+))?", path.read_text(), re.M)
    assert all(one in known or f"{one} {two}" in known for one, two in named), named


@pytest.mark.parametrize("file", sorted((d.DOCS / "clients").glob("*.js")), ids=lambda file: file.name)
def test_client_code_is_shown_as_it_is(file):
    shown = [block.text for block in d.blocks(d.DOCS / "CLIENTS.md") if block.language == "js"]
    assert file.read_text() in shown
    assert len(file.read_text().splitlines()) <= 130
