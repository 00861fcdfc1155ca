from pathlib import Path

import pytest
import yaml

from corpus.catalogue import load_catalogue
from corpus.errors import CatalogueError
from corpus.settings import CorpusSettings

PRESCRIBED = {
    "mciver-2023-in-both-camps",
    "celcis-2021-roles-responsibilities",
    "worcestershire-extended-role",
    "drew-banerjee-2019",
    "dfe-2021-role-extension",
}

GOOD = {
    "id": "one",
    "title": "One",
    "authors": [],
    "publisher": "P",
    "published": "2021-06",
    "nation": ["england"],
    "force": "research",
    "status": "current",
    "review_by": None,
    "superseded_by": None,
    "applies_to": [],
    "licence": "none seen",
    "url": "https://example.org/",
    "url_checked": True,
}


def write(path: Path, records: object) -> Path:
    path.write_text(records if isinstance(records, str) else yaml.safe_dump(records), encoding="utf-8")
    return path


def test_the_shipped_catalogue_holds_the_prescribed_ids_and_the_official_documents():
    sources = load_catalogue(CorpusSettings().catalogue)
    assert set(sources) >= PRESCRIBED
    assert len(set(sources) - PRESCRIBED) >= 25
    # What is not checked says so to people, and stale sources name what replaced them.
    assert {s.id for s in sources.values() if s.status == "superseded" and not s.superseded_by} == set()
    assert sources["dfe-2021-role-extension"].superseded_by == "dfe-2024-role-extension-kinship"


def test_official_records_have_no_document(settings):
    sources = load_catalogue(settings.catalogue)
    digests = {path.stem for path in settings.digests.glob("*.md")}
    assert digests == PRESCRIBED
    assert all(sources[source_id].topics for source_id in set(sources) - PRESCRIBED)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"id": "Not An Id"}, "id"),
        ({"nation": []}, "nation"),
        ({"nation": ["france"]}, "nation"),
        ({"force": "law"}, "force: Value error, must be one of: legislation"),
        ({"status": "old"}, "status"),
        ({"url": "ftp://x"}, "url"),
        ({"url_checked": "yes"}, "url_checked"),
        ({"published": "June 2021"}, "published"),
        ({"surprise": 1}, "surprise"),
        ({"superseded_by": "nobody"}, "superseded_by names no record: nobody"),
    ],
)
def test_a_malformed_record_is_named_with_its_field(tmp_path, change, says):
    path = write(tmp_path / "sources.yaml", [GOOD | change])
    with pytest.raises(CatalogueError) as error:
        load_catalogue(path)
    assert says in str(error.value)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a: [", ":"),
        ("just words", "is not a list of records"),
        ([GOOD, GOOD], "its id is used twice"),
        ([GOOD | {"called": ["the paper"]}, GOOD | {"id": "b", "called": ["The paper"]}], "called 'The paper' too"),
        ([GOOD | {"called": ["survey"]}], "called.0: String should match pattern"),
        ([{k: v for k, v in GOOD.items() if k != "title"}], "title: Field required"),
    ],
)
def test_a_malformed_file_says_where_and_what(tmp_path, content, says):
    with pytest.raises(CatalogueError, match=says):
        load_catalogue(write(tmp_path / "sources.yaml", content))


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(CatalogueError, match="cannot be read"):
        load_catalogue(tmp_path / "none.yaml")
