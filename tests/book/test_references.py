"""References and the table of models: each has a place where it can be read, of a form that can be right."""

import csv
import datetime
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOI = re.compile(r"10\.\d{4,9}/[^\s{}]+")
ARXIV = re.compile(r"(\d\d)(0[1-9]|1[0-2])\.\d{4,5}")
ADDRESS = re.compile(r"https://[\w.-]+\.[a-z]+(/\S*)?")
UNSEEN = 75  # entries without a date of looking up; this number may only fall


def entries(text):
    """{key: {field: value}}"""
    found = re.findall(r"^@(\w+)\{([^,\n]+),\n(.*?)^\}$", text, re.M | re.S)
    return {key: {"type": kind, **dict(re.findall(r"^\s*(\w+) = \{(.*)\},?$", body, re.M))}
            for kind, key, body in found}


BOOK = entries((ROOT / "references.bib").read_text("utf-8"))
with (ROOT / "data/model_timeline/models.csv").open(encoding="utf-8", newline="") as file:
    MODELS = list(csv.DictReader(file))


def faults(entry):
    """What is wrong with the place where an entry can be read."""
    wrong = []
    address = entry.get("url", "")
    paper = entry.get("eprint") or (re.search(r"arxiv\.org/abs/(.*)", address) or ["", ""])[1]
    if "doi" in entry and not DOI.fullmatch(entry["doi"]):
        wrong.append(f"doi {entry['doi']}")
    if paper and not (ARXIV.fullmatch(paper) and near(paper, entry.get("year"))):
        wrong.append(f"arXiv {paper} of {entry.get('year')}")
    if address and not ADDRESS.fullmatch(address):
        wrong.append(f"url {address}")
    if not ("doi" in entry or paper or address or printed(entry)):
        wrong.append("neither doi, nor arXiv, nor url, nor print from before them")
    if "looked" in entry and not when(entry["looked"]):
        wrong.append(f"looked {entry['looked']}: wanted: 2026-11-30, where")
    return wrong


def near(paper, year):
    """An arXiv number's year is up to three before the entry's, or one after: put there after a talk."""
    return bool(year) and -1 <= int(year) - 2000 - int(paper[:2]) <= 3


def printed(entry):
    old = int(entry.get("year", 9999)) <= 1991
    somewhere = any(name in entry for name in ("journal", "publisher", "school", "booktitle"))
    return (old and somewhere) or "howpublished" in entry


def when(looked):
    day, _, where = looked.partition(", ")
    try:
        return bool(where) and datetime.date(2026, 11, 1) <= datetime.date.fromisoformat(day)
    except ValueError:
        return False


@pytest.mark.parametrize("key", BOOK)
def test_an_entry_can_be_found(key):
    assert faults(BOOK[key]) == []


def test_two_entries_have_two_places():
    places = [entry.get("doi") or entry.get("eprint") or entry.get("url") for entry in BOOK.values()]
    places = [place.lower() for place in places if place]
    assert len(set(places)) == len(places)


def test_dates_of_looking_up_only_become_more():
    assert sum("looked" not in entry for entry in BOOK.values()) == UNSEEN


@pytest.mark.parametrize(("change", "said"), [
    ({"doi": "10.11/x"}, "doi"), ({"doi": "https://doi.org/10.1137/1"}, "doi"),
    ({"eprint": "1413.6980"}, "arXiv"), ({"eprint": "1412.698"}, "arXiv"), ({"eprint": "0912.6980"}, "arXiv"),
    ({"eprint": "1712.06980"}, "arXiv"), ({"url": "http://a.org"}, "url"),
    ({"looked": "yesterday, here"}, "looked"), ({"looked": "2026-11-30"}, "looked"),
    ({"year": "2014"}, "neither"),
])
def test_a_form_that_cannot_be_right_is_named(change, said):
    entry = {"year": "2015", "journal": "J.", **change}
    assert said in " ".join(faults(entry))


@pytest.mark.parametrize("row", MODELS, ids=lambda row: row["name"])
def test_a_model_has_its_source(row):
    assert re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", row["date"])
    assert row["source"] in BOOK or ADDRESS.fullmatch(row["source"]), row["source"]
    figures = any(row[name] for name in ("parameters", "active", "data", "flops"))
    assert row["seen"] in (("text", "quoted") if figures else ("",))
    assert bool(row["where"]) is figures or not figures
