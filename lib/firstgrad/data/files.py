"""Where the book's data files lie, in a checkout or in the installed package; recorded runs."""

import json
from pathlib import Path


def path(name: str) -> Path:
    """Where the data file or folder `name` (such as "recordings") lies, in the checkout or the package.

    Raises: FileNotFoundError that says where it was looked for. Needs no torch.
    """
    package = Path(__file__).resolve().parents[1]
    checkout = package.parents[1]
    places = [package / "_data" / name]
    if (checkout / "pyproject.toml").is_file():
        places.insert(0, checkout / "data" / name)
    for place in places:
        if place.exists():
            return place
    looked = " or ".join(map(str, places))
    raise FileNotFoundError(f"no data {name!r} at {looked}; reinstall firstgrad, or see data/README.md")


def recording(name: str) -> dict:
    """A recorded run of `tools/recordings.py`, with where it comes from under "provenance".

    Raises: FileNotFoundError that says where it was looked for.
    """
    return json.loads(path(f"recordings/{name}.json").read_text("utf-8"))
