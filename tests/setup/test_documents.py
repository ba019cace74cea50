"""Every picture and every link between the documents leads somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_LINK = re.compile(r"""\]\(([^()\s]+)\)|\b(?:src|href)="([^"]+)\"""")


def anchors_of(document: Path) -> set[str]:
    """Names under which the headings of a document can be reached, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    text = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    lost: list[str] = []
    for found in _LINK.finditer(text):
        link = found[1] or found[2]
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            lost.append(link)
    assert not lost


def test_there_is_something_to_check() -> None:
    texts = [path.read_text(encoding="utf-8") for path in DOCUMENTS]
    assert sum(len(_LINK.findall(text)) for text in texts) > 20
