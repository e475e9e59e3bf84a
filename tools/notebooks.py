"""Notebooks as they are committed: executed, small, and the same bytes whenever nothing changed.

    python tools/notebooks.py execute [FILE …]     run in place (one torch thread), then normalise
    python tools/notebooks.py normalise [FILE …]   the Colab cell, counts, ids and metadata as they should be
    python tools/notebooks.py check [FILE …]       say what is not as it should be

Without FILE: every notebook of `_toc.yml`.
"""

import argparse
import copy
import os
import re
import sys
import time
from pathlib import Path

import nbformat

sys.path.insert(0, str(Path(__file__).resolve().parent))
import i18n
import i18n_rules as rules

ROOT = i18n.ROOT
# The first cell of every notebook, defined here and nowhere else. anywidget itself asks Colab for the
# widget manager that it needs, so installing the package is all there is to do.
COLAB = """\
# In Colab: install the book's library. Anywhere else this cell does nothing.
import sys
if "google.colab" in sys.modules:
    %pip install --quiet "firstgrad[book] @ git+{url}\""""
COLAB_TAGS = ["remove-cell"]  # a reader of the page has nothing to install

SECONDS = 40  # what one notebook may take on two cores
IMPORT_LINES, CELL_LINES, IGNORED_CELLS = 8, 25, 3
WIDGETS, VIEW = "application/vnd.jupyter.widget-state+json", "application/vnd.jupyter.widget-view+json"
# The saved JavaScript would go stale: the page takes the bundle, Jupyter gets it when the cell runs.
STUB = ('export default { render({ el }) { el.textContent = "Run this cell to bring the explorable to life. '
        '运行此单元格，让它动起来。"; } };')
CELL_METADATA = ("tags", "mystnb", "i18n", "editable", "deletable")
STATE_NOISE = ("layout", "style", "tabbable", "tooltip", "_dom_classes")
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}
MACHINE = re.compile(
    r"/(?:home|root|tmp|work|Users|usr|opt|var|mnt|private)/[\w.@-]+|[A-Z]:\\\\?Users|0x[0-9a-f]{6,}"
    r"|\blocalhost\b|\b127\.0\.0\.1\b|site-packages|ipykernel_\d+|/content/"
)


class NotebookError(Exception):
    """A notebook failed while it ran; the message says in which cell."""


def notebooks(root=ROOT):
    return [rel for rel in i18n.pages(root) if rel.endswith(".ipynb")]


def colab_cell(root=ROOT):
    return COLAB.format(url=i18n.config(root)["repository"]["url"])


# --- execute ---------------------------------------------------------------------------------------

def execute(rel, root=ROOT):
    """Run the notebook with a fresh kernel in its own folder, and write it normalised."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    path = root / rel
    notebook = i18n.read_notebook(path)
    # One thread: with two, sums are rounded otherwise, and two notebooks at once slow each other down.
    os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", PYDEVD_DISABLE_FILE_VALIDATION="1")
    client = NotebookClient(notebook, timeout=600, kernel_name="python3",
                            extra_arguments=["--log-level=ERROR"],  # it warns of its own open port
                            resources={"metadata": {"path": str(path.parent)}})
    began = time.perf_counter()
    try:
        client.execute()
    except (CellExecutionError, DeadKernelError, RuntimeError, TimeoutError) as error:
        raise NotebookError(f"{rel}{failing_cell(notebook)}:\n{last_words(error)}") from None
    seconds = time.perf_counter() - began
    i18n.write(path, i18n.dumps(normalise(notebook, colab_cell(root))))
    return seconds


def failing_cell(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code" and any(o.output_type == "error" for o in cell.outputs):
            first = next((x for x in cell.source.split("\n") if x and not x.startswith("#")), "")
            return f" [{cell.get('id')}] “{first}”"
    return ""


def last_words(error, lines=12):
    plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip()
    return "\n".join("  " + line for line in plain.split("\n")[-lines:])


# --- normalise -------------------------------------------------------------------------------------

def normalise(notebook, colab):
    """The one form in which this notebook is committed. Changes `notebook` and returns it."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    put_colab_cell(notebook, colab)
    state = notebook.metadata.get("widgets", {}).get(WIDGETS, {})
    notebook.metadata = nbformat.from_dict(METADATA)
    count = 0
    for number, cell in enumerate(notebook.cells):
        cell.setdefault("id", f"cell-{number}")
        cell.metadata = nbformat.from_dict({k: cell.metadata[k] for k in CELL_METADATA if k in cell.metadata})
        if cell.cell_type == "code":
            count += bool(cell.source.strip())
            cell.execution_count = count if cell.source.strip() else None
            cell.outputs = [normal_output(o, cell.execution_count) for o in joined_streams(cell.outputs)]
    kept = rename_models(notebook, state.get("state", {}))
    if kept:
        notebook.metadata["widgets"] = {WIDGETS: {"version_major": 2, "version_minor": 0, "state": kept}}
    return notebook


def put_colab_cell(notebook, colab):
    first = notebook.cells[0] if notebook.cells else None
    if first is None or first.get("id") != "colab":
        notebook.cells.insert(0, nbformat.v4.new_code_cell(id="colab"))
    cell = notebook.cells[0]
    cell.source, cell.metadata, cell.outputs = colab, nbformat.from_dict({"tags": COLAB_TAGS}), []


def joined_streams(outputs):
    """Text arrives in pieces whose number depends on timing: neighbours of one stream become one."""
    joined = []
    for output in outputs:
        last = joined[-1] if joined else None
        streams = last is not None and last.output_type == output.output_type == "stream"
        if streams and output.name == last.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


def normal_output(output, count):
    if output.output_type == "execute_result":
        output.execution_count = count
    if "metadata" in output:
        # What belongs to a shown type (a picture's size) or to glue; the rest is the front end's.
        output.metadata = nbformat.from_dict(
            {k: v for k, v in output.metadata.items() if k in output.data or k == "scrapbook"})
    return output


def rename_models(notebook, state):
    """Give the widget models that are shown ids by order, drop the others and what is noise."""
    views = [o.data[VIEW] for c in notebook.cells if c.cell_type == "code" for o in c.outputs
             if VIEW in o.get("data", {})]
    models = {key: slim(model) for key, model in state.items()}
    order = []
    pending = [view["model_id"] for view in views if view["model_id"] in models]
    while pending:  # breadth first, so that ids depend on nothing but the notebook
        key = pending.pop(0)
        if key not in order:
            order.append(key)
            pending += [k for k in references(models[key]) if k in models]
    names = {key: f"{number:032x}" for number, key in enumerate(order, 1)}
    for view in views:
        view["model_id"] = names.get(view["model_id"], view["model_id"])
    return {names[key]: renamed(models[key], names) for key in order}


def slim(model):
    values = {k: v for k, v in model["state"].items() if k not in STATE_NOISE}
    if "_esm" in values:
        values["_esm"], values["_css"] = STUB, ""
    return {**model, "state": values}


def references(value):
    if isinstance(value, dict):
        return [key for name in sorted(value) for key in references(value[name])]
    if isinstance(value, list):
        return [key for item in value for key in references(item)]
    return re.findall(r"^IPY_MODEL_(\w+)$", value) if isinstance(value, str) else []


def renamed(value, names):
    if isinstance(value, dict):
        return {key: renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [renamed(item, names) for item in value]
    known = re.fullmatch(r"IPY_MODEL_(\w+)", value) if isinstance(value, str) else None
    return f"IPY_MODEL_{names.get(known[1], known[1])}" if known else value


# --- check -----------------------------------------------------------------------------------------

def check(rel, root=ROOT):
    """Everything that is not as it should be, in words."""
    path = root / rel
    notebook = i18n.read_notebook(path)
    wrong = check_frame(notebook, path.read_text("utf-8"), colab_cell(root))
    heading = i18n.TOP
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            heading = next((words for _, words in rules.headings(cell.source)), heading)
        elif cell.cell_type == "code":
            wrong += [f" [{cell.get('id')}] “{heading}”: {problem}" for problem in check_cell(cell)]
    if not (root / "zh" / rel).exists():
        wrong.append(f": no Chinese twin zh/{rel}: run tools/i18n.py sync")
    return [f"{rel}{problem}" for problem in wrong]


def check_frame(notebook, text, colab):
    wrong = []
    ids = [cell.get("id") for cell in notebook.cells]
    if None in ids or len(set(ids)) < len(ids):
        wrong.append(": cells without an id, or two with the same")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if not notebook.cells or notebook.cells[0].source != colab:
        wrong.append(": the first cell is not the Colab cell for the address in _config.yml")
    if any(cell.source.strip() and cell.execution_count is None for cell in code):
        wrong.append(": has not been executed: run tools/notebooks.py execute")
    ignored = [cell for cell in code if "NBVAL_IGNORE_OUTPUT" in cell.source]
    if len(ignored) > IGNORED_CELLS:
        wrong.append(f": {len(ignored)} cells are marked NBVAL_IGNORE_OUTPUT, at most {IGNORED_CELLS} may be")
    imports = [c for c in code if c.get("id") != "colab" and re.search(r"^(import|from) ", c.source, re.M)]
    if imports and line_count(imports[0]) > IMPORT_LINES:
        wrong.append(f" [{imports[0].get('id')}]: the import cell is longer than {IMPORT_LINES} lines")
    if i18n.dumps(normalise(copy.deepcopy(notebook), colab)) != text:
        wrong.append(": is not normalised: run tools/notebooks.py normalise")
    return wrong


def line_count(cell):
    return len(cell.source.strip().split("\n"))


def check_cell(cell):
    wrong = check_markers(cell)
    if line_count(cell) > CELL_LINES:
        wrong.append(f"{line_count(cell)} lines of code, at most {CELL_LINES} are read in one go")
    tags = cell.metadata.get("tags", [])
    shown = not {"remove-cell", "remove-output"} & set(tags)
    pictures = [o for o in cell.outputs if any(k.startswith("image/") for k in o.get("data", {}))]
    if pictures and shown and not str(i18n.dig(cell.metadata, i18n.FIGURE_TEXTS["alt"]) or "").strip():
        wrong.append("a figure without alt text (metadata: mystnb.image.alt)")
    for output in cell.outputs:
        if output.output_type == "error" and "raises-exception" not in tags:
            wrong.append(f"ended with {output.ename}")
        if output.output_type == "stream" and output.name == "stderr":
            wrong.append(f"wrote to stderr: {output.text.strip()[:60]}")
        for found in MACHINE.finditer(words_of(output)):
            wrong.append(f"the output names this machine or run: {found[0]}")
    return wrong


def check_markers(cell):
    """An output that is not compared needs a reason, on the comment line beside the marker."""
    lines = [line.strip() for line in cell.source.split("\n")]
    wrong = [f"{mark} hides a cell from the tests" for mark in ("NBVAL_SKIP", "NBVAL_RAISES_EXCEPTION")
             if f"# {mark}" in lines]
    wrong += [f"the tag {tag} has no room for a reason: write the comment # NBVAL_IGNORE_OUTPUT"
              for tag in cell.metadata.get("tags", []) if tag.startswith("nbval-")]
    for number, line in enumerate(lines):
        if line == "# NBVAL_IGNORE_OUTPUT":
            beside = [*lines[max(0, number - 1):number], *lines[number + 1:number + 2]]
            if not any(re.match(r"# \w.{10,}", other) for other in beside):
                wrong.append("NBVAL_IGNORE_OUTPUT without a reason on the next line (# …)")
        elif "NBVAL_IGNORE_OUTPUT" in line:
            wrong.append("nbval wants # NBVAL_IGNORE_OUTPUT alone on its line, the reason on the next")
    return wrong


def words_of(output):
    if output.output_type == "stream":
        return output.text
    if output.output_type == "error":
        return "\n".join([output.evalue, *output.traceback])
    return "\n".join(str(v) for k, v in output.data.items() if k.startswith("text/"))


def strays(root=ROOT):
    """Notebooks that no table of contents lists."""
    listed = set(notebooks(root))
    found = [p.relative_to(root).as_posix() for p in sorted((root / "chapters").rglob("*.ipynb"))
             if ".ipynb_checkpoints" not in p.parts]
    return [f"{rel}: not in _toc.yml" for rel in found if rel not in listed]


# --- command line ----------------------------------------------------------------------------------

def run_execute(files):
    for rel in files:
        print(f"{rel} …", end=" ", flush=True)
        seconds = execute(rel)
        print(f"{seconds:.0f} s" + (f", more than the {SECONDS} s it may take" if seconds > SECONDS else ""))


def run_normalise(files):
    for rel in files:
        notebook = normalise(i18n.read_notebook(ROOT / rel), colab_cell())
        print(f"{rel}: {'normalised' if i18n.write(ROOT / rel, i18n.dumps(notebook)) else 'as it was'}")


def run_check(files, whole):
    wrong = [line for rel in files for line in check(rel)] + (strays() if whole else [])
    for line in wrong:
        print(f"✗ {line}")
    print(f"{len(files)} notebooks, {len(wrong)} complaints")
    return 1 if wrong else 0


def main(argv=None):
    parser = argparse.ArgumentParser(description="Run, normalise or check the book's notebooks.")
    parser.add_argument("command", choices=("execute", "normalise", "check"))
    parser.add_argument("files", nargs="*", metavar="FILE")
    options = parser.parse_args(argv)
    try:
        files = [i18n.english_of(file, ROOT) for file in options.files] or notebooks()
        if options.command == "check":
            return run_check(files, not options.files)
        (run_execute if options.command == "execute" else run_normalise)(files)
    except (NotebookError, i18n.TranslationError) as error:
        print(f"\n✗ {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
