"""A core with seeded slips in it, bundled again: what the tests must catch."""

import contextlib
import re
import shutil
import subprocess

from bridge import ROOT, Core, node


def in_any_layout(code):
    """Finds `code` whatever a formatter did to it: other spaces and lines, a comma before what closes."""
    parts = re.findall(r"\w+|\S", code)
    return re.compile(r"\s*".join((r",?\s*" if part in ")]}" else "") + re.escape(part) for part in parts))


@contextlib.contextmanager
def mutated(entry, changes, folder):
    """The core `widgets/ENTRY` with every (file, old, new) of `changes` made, beside it or in core."""
    own, shared = (folder / "widgets" / entry).parent, folder / "widgets/core"
    for place in {own, shared}:
        shutil.copytree(ROOT / place.relative_to(folder), place)
    shutil.copytree(ROOT / "data/recordings", folder / "data/recordings")
    for file, old, new in changes:
        path = own / file if (own / file).exists() else shared / file
        text = path.read_text("utf-8")
        text, found = in_any_layout(old).subn(lambda _, new=new: new, text)
        assert found == 1, f"the mutation of {old!r} does not fit {file} any more"
        path.write_text(text, "utf-8")
    lines = [f"import * as core from '../../widgets/{entry}';", "export { core };",
             "export default { render() {} };"]
    (folder / "source/mutant").mkdir(parents=True)
    (folder / "source/mutant/index.js").write_text("\n".join(lines), "utf-8")
    places = ["--source", str(folder / "source"), "--out", str(folder / "out")]
    build = [node(), str(ROOT / "widgets/build.mjs"), *places]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    made = Core(folder / "out/mutant.js")
    try:
        yield made
    finally:
        made.close()
