"""Landmark models and their sizes, as published."""

import csv

from firstgrad.data.files import path


def models() -> list[dict]:
    """Landmark models from 1958 to 2025, one dictionary a model, in the order of their dates.

    Words, "" where unknown: name, date ("1989-12"), organisation, kind, unit (of data: "tokens", …), licence
    (of the weights), source (a key of references.bib, or an address), where (in the source).
    Numbers, None where the source does not say: parameters, active (of them for each token, where not all
    are), data (read in training), flops (of the training, as published).  year: the date, as 1989.92.
    seen: "text" where the passage was looked up, "quoted" where a data set quotes it (see the README.md
    beside the table, in data/model_timeline).
    """
    with path("model_timeline/models.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        for column in ("parameters", "active", "data", "flops"):
            row[column] = float(row[column]) if row[column] else None
        year, month = map(int, row["date"].split("-"))
        row["year"] = round(year + (month - 1) / 12, 2)
    return rows
