"""A core with seeded slips in it, bundled again: what the tests must catch."""

import contextlib
import shutil
import subprocess

from bridge import ROOT, Core, node


@contextlib.contextmanager
def mutated(file, changes, folder):
    """The core `widgets/core/FILE` with every (old, new) of `changes` made, each in another part of it."""
    shutil.copytree(ROOT / "widgets/core", folder / "widgets/core")
    shutil.copytree(ROOT / "data/recordings", folder / "data/recordings")
    path = folder / "widgets/core" / file
    text = path.read_text("utf-8")
    for old, new in changes:
        assert text.count(old) == 1, f"the mutation of {old!r} does not fit {file} any more"
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
    entry = ["import * as core from './core/FILE';", "export { core };", "export default { render() {} };"]
    (folder / "widgets/mutant.js").write_text("\n".join(entry).replace("FILE", file), "utf-8")
    places = ["--source", str(folder / "widgets"), "--out", str(folder / "out")]
    build = [node(), str(ROOT / "widgets/build.mjs"), *places]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    made = Core(folder / "out/mutant.js")
    try:
        yield made
    finally:
        made.close()
