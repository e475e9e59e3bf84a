"""A core with seeded slips in it, bundled again: what the tests must catch."""

import contextlib
import shutil
import subprocess

from bridge import ROOT, Core, node


@contextlib.contextmanager
def mutated(entry_file, changes, folder):
    """The core `widgets/core/ENTRY_FILE` with every (file, old, new) of `changes` made."""
    shutil.copytree(ROOT / "widgets/core", folder / "widgets/core")
    shutil.copytree(ROOT / "data/recordings", folder / "data/recordings")
    for file, old, new in changes:
        path = folder / "widgets/core" / file
        text = path.read_text("utf-8")
        assert text.count(old) == 1, f"the mutation of {old!r} does not fit {file} any more"
        path.write_text(text.replace(old, new), "utf-8")
    entry = ["import * as core from './core/FILE';", "export { core };", "export default { render() {} };"]
    (folder / "widgets/mutant.js").write_text("\n".join(entry).replace("FILE", entry_file), "utf-8")
    places = ["--source", str(folder / "widgets"), "--out", str(folder / "out")]
    build = [node(), str(ROOT / "widgets/build.mjs"), *places]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    made = Core(folder / "out/mutant.js")
    try:
        yield made
    finally:
        made.close()
