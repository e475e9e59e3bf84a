"""Trained models in the page: the file as Python writes it and JavaScript reads it, and who sends it."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from firstgrad.widgets import base

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests/parity"), str(ROOT / "site/ext")]
import assets  # noqa: E402
import bridge  # noqa: E402


def javascript(code):
    """What `code` prints; it may use `parse`, `half` and `site`, the folder of the site's scripts."""
    source = f"import {{ parse, half }} from {json.dumps((ROOT / 'widgets/core/safetensors.js').as_uri())};\n"
    done = subprocess.run([bridge.node(), "--input-type=module", "-e", source + code], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


ARRAYS = {
    "weights": np.array([[1.5, -2.25, 1e-30], [0, -0.0, 3e38]], np.float32),
    "halves": np.array([1, -2.5, 65504, 6e-8, 6.1e-5, 0.1], np.float16),
    "rows": np.array([[-128, 127], [0, 1]], np.int8),
    "odd": np.array([1, 2, 255], np.uint8),
    "ids": np.array([-2**31, 2**31 - 1], np.int32),
}


def parsed(file: bytes):
    text = base64.b64encode(file).decode()
    return javascript(f"""
const bytes = Uint8Array.from(atob("{text}"), (c) => c.charCodeAt(0)).buffer;
let said;
try {{
  const {{ tensors, metadata }} = parse(bytes);
  said = {{ metadata, tensors: Object.fromEntries(Object.entries(tensors).map(([name, {{ shape, data }}]) =>
    [name, {{ shape, data: [...data], kind: data.constructor.name }}])) }};
}} catch (error) {{ said = {{ error: error.name, message: error.message }}; }}
console.log(JSON.stringify(said));""")


def test_javascript_reads_what_python_wrote():
    said = parsed(save(ARRAYS, {"tokens": "月\nspring"}))
    assert said["metadata"] == {"tokens": "月\nspring"}
    assert said["tensors"].keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert said["tensors"][name]["shape"] == list(array.shape)
        np.testing.assert_array_equal(np.array(said["tensors"][name]["data"]).reshape(array.shape),
                                      array.astype(float))
    assert {name: entry["kind"] for name, entry in said["tensors"].items()} == {
        "weights": "Float32Array", "halves": "Float32Array", "rows": "Int8Array", "odd": "Uint8Array",
        "ids": "Int32Array"}


def test_every_half_is_widened_rightly():
    bits = np.arange(2**16, dtype=np.uint16)
    said = javascript("console.log(JSON.stringify(Array.from({ length: 65536 }, (_, i) => `${half(i)}`)))")
    want = bits.view(np.float16).astype(float)
    np.testing.assert_array_equal(np.array([float(text.replace("Infinity", "inf")) for text in said]), want)


@pytest.mark.parametrize(("file", "complaint"), [
    (b"", "shorter than 8 bytes"),
    (save(ARRAYS)[:60], "the header is longer than the file"),
    (save(ARRAYS)[:-3], "the file is cut"),
    (save({"wide": np.zeros(2)}), "tensor wide: type F64, expected one of F32"),
])
def test_a_bad_file_is_named(file, complaint):
    said = parsed(file)
    assert said["error"] == "RangeError"
    assert complaint in said["message"]


# --- who sends it ------------------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path, monkeypatch):
    (tmp_path / "tiny.safetensors").write_bytes(save(ARRAYS))
    monkeypatch.setattr(base.WithModels, "model", staticmethod(lambda name: tmp_path / f"{name}.safetensors"))
    monkeypatch.setattr(base.Explorable, "bundle", classmethod(lambda cls: "export default {}"))

    class Small(base.WithModels):
        models = ("tiny",)

    return tmp_path / "tiny.safetensors", Small()


def test_python_sends_a_model_when_asked(small, monkeypatch):
    file, widget = small
    sent = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: sent.append((content, buffers)))
    assert widget.model_sizes == {"tiny": file.stat().st_size}
    assert "model_sizes" not in widget.settings()
    for message in ({"load": "tiny"}, {"load": "other"}, {"load": "../secret"}, "nonsense", {"more": 1}):
        widget._handle_custom_msg(message, [])
    assert sent[0] == ({"model": "tiny"}, [file.read_bytes()])
    assert [content["error"] for content, _ in sent[1:]] == ["Small has no model 'other'",
                                                             "Small has no model '../secret'"]


def test_a_missing_file_is_named():
    class Missing(base.WithModels):
        models = ("nowhere",)

        @classmethod
        def bundle(cls):
            return "export default {}"

    with pytest.raises(FileNotFoundError, match=r"models/nowhere\.safetensors"):
        Missing()


def test_the_page_gets_the_same_bytes(small):
    file, _ = small
    script = assets.model(file)
    said = javascript(f"{script}\nconsole.log(JSON.stringify(firstgradModels.tiny))")
    assert base64.b64decode(said) == file.read_bytes()
