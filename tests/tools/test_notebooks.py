"""Committed notebooks: the same bytes whenever nothing changed, and nothing in them that should not be."""

import copy
import sys
import uuid
from pathlib import Path

import nbformat
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import i18n
import notebooks

COLAB = notebooks.COLAB.format(url="https://github.com/example/small")
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def widget(esm="export default {}", **values):
    state = {"_esm": esm, "_css": "p {}", "_model_name": "AnyModel", "tooltip": None, **values}
    return {"model_module": "anywidget", "model_module_version": "~0.11.*", "model_name": "AnyModel",
            "state": state}


def executed():
    """What a kernel leaves behind: random model ids, timestamps, text in pieces, layout models."""
    shown, child, layout, lost = (uuid.uuid4().hex for _ in range(4))
    new = nbformat.v4
    cells = [
        new.new_markdown_cell("# Title", id="title"),
        new.new_code_cell("print(1)\nprint(2)", id="print", execution_count=7, metadata={
            "execution": {"iopub.execute_input": "2026-01-01T00:00:00Z"}, "tags": ["keep"]}, outputs=[
            new.new_output("stream", text="1\n"), new.new_output("stream", text="2\n")]),
        new.new_code_cell("widget", id="widget", execution_count=9, outputs=[new.new_output(
            "execute_result", execution_count=9, metadata={notebooks.VIEW: {"colab": 1}, "front": "end"},
            data={notebooks.VIEW: {"model_id": shown, "version_major": 2, "version_minor": 0},
                  "text/plain": "Widget()"})]),
    ]
    models = {
        lost: widget(), child: widget(value=2), layout: {**widget(), "model_name": "LayoutModel"},
        shown: widget(esm=f"// {shown}", layout=f"IPY_MODEL_{layout}", children=[f"IPY_MODEL_{child}"]),
    }
    notebook = new.new_notebook(cells=cells, metadata={
        "kernelspec": {"name": "elsewhere", "display_name": "mine"},
        "language_info": {"name": "python", "version": "3.11.9"},
        "widgets": {notebooks.WIDGETS: {"version_major": 2, "version_minor": 0, "state": models}}})
    return notebook


def normal():
    return notebooks.normalise(executed(), COLAB)


def models(notebook):
    return notebook.metadata["widgets"][notebooks.WIDGETS]["state"]


def test_two_runs_give_the_same_bytes():
    assert i18n.dumps(executed()) != i18n.dumps(executed())
    assert i18n.dumps(normal()) == i18n.dumps(normal())


def test_normalising_twice_changes_nothing():
    once = normal()
    assert i18n.dumps(notebooks.normalise(copy.deepcopy(once), COLAB)) == i18n.dumps(once)


def test_the_result_is_a_valid_notebook():
    nbformat.validate(normal())


def test_cell_ids_stay_and_counts_run_from_one():
    cells = normal().cells
    assert [c.id for c in cells] == ["colab", "title", "print", "widget"]
    assert [c.execution_count for c in cells if c.cell_type == "code"] == [1, 2, 3]
    assert cells[3].outputs[0].execution_count == 3


def test_streams_are_joined_and_timestamps_dropped():
    cell = normal().cells[2]
    assert [o.text for o in cell.outputs] == ["1\n2\n"]
    assert cell.metadata == {"tags": ["keep"]}


def test_metadata_names_no_machine():
    assert {k: v for k, v in normal().metadata.items() if k != "widgets"} == notebooks.METADATA


def test_models_are_renamed_and_only_what_is_shown_is_kept():
    found = models(normal())
    assert list(found) == [f"{1:032x}", f"{2:032x}"]
    assert found[f"{1:032x}"]["state"]["children"] == [f"IPY_MODEL_{2:032x}"]
    assert normal().cells[3].outputs[0].data[notebooks.VIEW]["model_id"] == f"{1:032x}"


def test_saved_javascript_becomes_a_stub():
    for model in models(normal()).values():
        assert "Run this cell" in model["state"]["_esm"]
        assert "\n" not in model["state"]["_esm"]
        assert model["state"]["_css"] == ""
        assert not model["state"].keys() & set(notebooks.STATE_NOISE)


def test_the_colab_cell_is_put_first_once():
    twice = notebooks.normalise(normal(), COLAB.replace("small", "moved"))
    assert [c.id for c in twice.cells].count("colab") == 1
    assert "example/moved" in twice.cells[0].source


def test_the_colab_cell_does_nothing_elsewhere():
    from IPython.core.inputtransformer2 import TransformerManager

    def forbidden():
        raise AssertionError("the cell tried to install something")

    exec(compile(TransformerManager().transform_cell(COLAB), "colab", "exec"), {"get_ipython": forbidden})


# --- check -----------------------------------------------------------------------------------------

@pytest.fixture
def book(tmp_path):
    i18n.write(tmp_path / "_toc.yml", "root: index\nchapters: [{file: chapters/one}]\n")
    i18n.write(tmp_path / "_config.yml", "repository: {url: https://github.com/example/small}\n")
    i18n.write(tmp_path / "index.md", "# Book\n")
    save(tmp_path, normal())
    i18n.sync(tmp_path)
    return tmp_path


def save(root, notebook):
    i18n.write(root / "chapters/one.ipynb", i18n.dumps(notebook))


def test_a_normal_notebook_has_no_complaints(book):
    assert notebooks.check("chapters/one.ipynb", book) == []


def code(source, *outputs, **metadata):
    """A change that adds one executed cell."""
    def change(notebook):
        cell = nbformat.v4.new_code_cell(source, id="added", execution_count=4, outputs=list(outputs))
        cell.metadata.update(metadata)
        notebook.cells.append(cell)
    return change


def on_cell(number, **values):
    return lambda notebook: notebook.cells[number].update(values)


def out(kind="stream", **values):
    return nbformat.v4.new_output(kind, **values)


def ignored_often(notebook):
    for number in range(4):
        code(f"# NBVAL_IGNORE_OUTPUT\n# the time differs from run to run\nx = {number}")(notebook)
        notebook.cells[-1].update(id=f"added{number}", execution_count=4 + number)


PICTURE = out("display_data", data={"image/png": PIXEL})
FAULTS = {
    "another address": (lambda nb: nb.cells[0].update(source=COLAB + "/tree/old"), "not the Colab cell"),
    "no Colab cell": (lambda nb: nb.cells.pop(0), "not the Colab cell"),
    "not executed": (on_cell(2, execution_count=None), "has not been executed"),
    "counts": (on_cell(2, execution_count=5), "not normalised"),
    "timestamps": (on_cell(2, metadata={"execution": {}}), "not normalised"),
    "two equal ids": (on_cell(1, id="print"), "two with the same"),
    "no id": (lambda nb: nb.cells[1].pop("id"), "without an id"),
    "figure without alt text": (code("plot()", PICTURE), "without alt text"),
    "empty alt text": (code("plot()", PICTURE, mystnb={"image": {"alt": " "}}), "without alt text"),
    "long cell": (code("\n".join(f"x{i} = {i}" for i in range(26))), "26 lines of code"),
    "long import cell": (code("\n".join(f"import math as m{i}" for i in range(9))), "import cell is longer"),
    "path": (code("p", out(text="/home/somebody/book\n")), "names this machine or run: /home/somebody"),
    "address": (code("p", out("execute_result", data={"text/plain": "<A at 0x7f383f43b190>"})), "0x7f383f43"),
    "kernel's file": (code("p", out(text="ipykernel_4711 says\n")), "ipykernel_4711"),
    "warning": (code("p", out(name="stderr", text="UserWarning: no\n")), "wrote to stderr"),
    "error": (code("p", out("error", ename="ValueError", evalue="", traceback=[])), "ended with ValueError"),
    "too many ignored": (ignored_often, "4 cells are marked NBVAL_IGNORE_OUTPUT"),
    "ignored without reason": (code("# NBVAL_IGNORE_OUTPUT\nprint(1)"), "without a reason"),
    "reason on the marker's line": (code("# NBVAL_IGNORE_OUTPUT: a time\nprint(1)"), "alone on its line"),
    "ignored by tag": (code("print(1)", tags=["nbval-ignore-output"]), "has no room for a reason"),
    "skipped": (code("# NBVAL_SKIP\nprint(1)"), "hides a cell"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_caught(book, name):
    fault, words = FAULTS[name]
    notebook = normal()
    fault(notebook)
    save(book, notebook)
    complaints = notebooks.check("chapters/one.ipynb", book)
    assert any(words in line for line in complaints), complaints


GOOD = {
    "figure with alt text": code("plot()", PICTURE, mystnb={"image": {"alt": "A line that falls"}}),
    "hidden figure": code("plot()", PICTURE, tags=["remove-output"]),
    "wanted error": code("f(-1)", out("error", ename="ValueError", evalue="", traceback=[]),
                         tags=["raises-exception"]),
    "ignored with reason": code("# NBVAL_IGNORE_OUTPUT\n# the time differs from run to run\nprint(1)"),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_allowed_passes(book, name):
    notebook = normal()
    GOOD[name](notebook)
    save(book, notebook)
    assert notebooks.check("chapters/one.ipynb", book) == []


def test_a_missing_twin_and_a_stray_notebook_are_named(book):
    (book / "zh/chapters/one.ipynb").unlink()
    i18n.write(book / "chapters/stray.ipynb", i18n.dumps(normal()))
    assert "no Chinese twin" in notebooks.check("chapters/one.ipynb", book)[0]
    assert notebooks.strays(book) == ["chapters/stray.ipynb: not in _toc.yml"]


# --- execute ---------------------------------------------------------------------------------------

SOURCE = """\
import anywidget, os
class Counter(anywidget.AnyWidget):
    _esm = "export default { render() {} }"
    __repr__ = lambda self: "Counter()"  # the default names an address in memory
print(os.environ["OMP_NUM_THREADS"], os.path.basename(os.getcwd()))
Counter()"""


@pytest.mark.slow
def test_executing_twice_gives_the_same_bytes(book):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SOURCE, id="counter")])
    save(book, notebook)
    texts = []
    for _ in range(2):
        notebooks.execute("chapters/one.ipynb", book)
        texts.append((book / "chapters/one.ipynb").read_text())
    assert texts[0] == texts[1]
    done = i18n.read_notebook(book / "chapters/one.ipynb")
    assert done.cells[1].outputs[0].text == "1 chapters\n"
    assert len(models(done)) == 1


@pytest.mark.slow
def test_a_failing_cell_is_named_and_nothing_is_written(book):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0", id="bad")])
    save(book, notebook)
    before = (book / "chapters/one.ipynb").read_bytes()
    with pytest.raises(notebooks.NotebookError, match=r"(?s)one\.ipynb \[bad\] “1 / 0”.*ZeroDivisionError"):
        notebooks.execute("chapters/one.ipynb", book)
    assert (book / "chapters/one.ipynb").read_bytes() == before
