"""Explorables in the static page, without RequireJS and without ipywidgets' own 900 KB.

A saved widget becomes `<div class="fg-live" data-widget="descent">` with its trait values as JSON; live.js
starts the bundle of that name. The notebook's own `_esm` is ignored: the page runs the
committed bundle, never an old copy.
"""
from __future__ import annotations

import html
import json

import book
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

log = logging.getLogger(__name__)
VIEW = "application/vnd.jupyter.widget-view+json"
PACKAGE = "firstgrad.widgets."
# Traits of every ipywidget that say how Jupyter shows it; the static page has no use for them.
NOT_STATE = {"layout", "tabbable", "tooltip"}


class explorable(nodes.General, nodes.Element):
    """One living figure: `widget` is its name, `traits` its state; `problem` says why there is none."""


class needs_python(nodes.General, nodes.Element):
    """Stands where an ordinary ipywidget stood."""


# --- reading: which output is which widget ---------------------------------------------------------

def saved_state(env, docname) -> dict:
    """Model id → {model_name, state}, as myst-nb took it from the notebook's metadata."""
    scripts = env.nb_metadata.get(docname, {}).get("js_files", {}) if hasattr(env, "nb_metadata") else {}
    entry = scripts.pop("ipywidgets_state", None)  # or myst-nb writes the whole state into the page
    try:
        return json.loads(entry[1]["body"])["state"] if entry else {}
    except (ValueError, KeyError, TypeError):
        return {}


def replace_outputs(app, doctree):
    """In each widget output: our node in place of the whole bundle of formats."""
    docname = app.env.docname
    state = saved_state(app.env, docname)
    for container in list(doctree.findall(nodes.container)):
        if container.get("mime_type") != VIEW or not container.children:
            continue
        raw = container.astext() or container.children[0].rawsource
        bundle = container.parent
        bundle.replace_self(living(app.env, docname, model_of(raw, state), bundle))


def model_of(script: str, state: dict) -> dict | None:
    """The saved model that a `<script>` of myst-nb points to."""
    start, end = script.find("{"), script.rfind("}")
    try:
        return state[json.loads(script[start:end + 1])["model_id"]]
    except (ValueError, KeyError):
        return None


def living(env, docname, model, location) -> nodes.Node:
    if model is None or not isinstance(model.get("state"), dict):
        log.warning("a widget output has no saved state: run its cell again and save the notebook",
                    location=location, type="live", subtype="state")
        return explorable(problem="no_state")
    kind = model["state"].get("_anywidget_id", "")
    if not kind.startswith(PACKAGE):
        return needs_python(docname=docname)
    name = kind.removeprefix(PACKAGE).rsplit(".", 1)[0]
    return declared(env, docname, name, traits_of(model["state"]), location)


def traits_of(state: dict) -> dict:
    kept = {k: v for k, v in state.items() if not k.startswith("_") and k not in NOT_STATE
            and not (isinstance(v, str) and v.startswith("IPY_MODEL_"))}
    return kept | {"kernel": False}


def declared(env, docname, name, traits, location) -> explorable:
    """Note the bundle as the page's dependency, so that an edited explorable builds the page again."""
    bundle = book.BUNDLES / f"{name}.js"
    env.note_dependency(str(bundle))
    if not bundle.exists():
        log.warning("there is no bundle %s: run `make widgets`", bundle.relative_to(book.ROOT).as_posix(),
                    location=location, type="live", subtype="bundle")
    for model in traits.get("model_sizes", {}):
        if not (book.MODELS / f"{model}.safetensors").exists():
            log.warning("there is no trained model data/models/%s.safetensors", model,
                        location=location, type="live", subtype="model")
    names = env.metadata[docname].setdefault("fg_widgets", [])
    if name not in names:
        names.append(name)
    return explorable(widget=name, traits=traits)


class Explorable(SphinxDirective):
    """```{explorable} descent, with trait values as JSON in the body, for Markdown pages."""
    required_arguments, has_content = 1, True

    def run(self):
        try:
            traits = json.loads("\n".join(self.content) or "{}")
        except ValueError as error:
            raise self.error(f"the trait values of {self.arguments[0]} are not JSON: {error}") from None
        if not isinstance(traits, dict):
            raise self.error(f"the trait values of {self.arguments[0]} must be a JSON object {{…}}")
        node = declared(self.env, self.env.docname, self.arguments[0], traits_of(traits), self.get_location())
        return [node]


# --- writing ---------------------------------------------------------------------------------------

def visit_explorable(self, node):
    text = book.texts(self.config)
    if problem := node.get("problem"):
        message = f'<p class="fg-failure">{text[problem]}</p>'
        self.body.append(f'<div class="fg-live" data-live="failed">{message}</div>\n')
        raise nodes.SkipNode
    models, traits = trained(self, node["traits"])
    # "<" cannot end the script early when it is written as JSON's own escape.
    state = json.dumps({"traits": traits}, sort_keys=True, ensure_ascii=False).replace("<", "\\u003c")
    self.body.append(
        f'<div class="fg-live" data-widget="{html.escape(node["widget"])}"{models}>'
        f'<script type="application/json">{state}</script>'
        f"<noscript>{still(self, node['widget'], text)}</noscript><div class=\"fg-room\"></div></div>\n")
    raise nodes.SkipNode


def trained(self, traits: dict) -> tuple[str, dict]:
    """Where the page finds its trained models, as an attribute; and the traits with their sizes of today."""
    names = traits.get("model_sizes", {})
    sizes = {name: (book.MODELS / f"{name}.safetensors").stat().st_size for name in names}
    if not names:
        return "", traits
    page, stamp = self.builder.current_docname, self.config.fg_assets
    places = {name: f"{book.asset(self.config, page, f'models/{name}.js')}?v={stamp}" for name in names}
    return f" data-models='{html.escape(json.dumps(places))}'", traits | {"model_sizes": sizes}


def still(self, name: str, text: dict) -> str:
    """The picture for readers without JavaScript."""
    for suffix in (".svg", ".png"):
        path = book.STILLS / f"{name}.{book.edition(self.config)}{suffix}"
        if path.exists():
            source = book.asset(self.config, self.builder.current_docname, f"stills/{path.name}")
            alt = html.escape(text["still_alt"].format(name.replace("_", " ")))
            return f'<p>{text["no_script"]}</p><img class="fg-still" src="{source}" alt="{alt}">'
    return f'<p>{text["no_script_plain"]}</p>'


def visit_needs_python(self, node):
    text, link = book.texts(self.config), book.launch(self.config, node["docname"])["colab"]
    open_there = f'<a class="reference external" href="{html.escape(link)}">{text["needs_python_link"]}</a>'
    self.body.append(f'<div class="fg-needs-python"><p>{text["needs_python"]} {open_there}</p></div>\n')
    raise nodes.SkipNode


def setup(app):
    app.add_node(explorable, html=(visit_explorable, None))
    app.add_node(needs_python, html=(visit_needs_python, None))
    app.add_directive("explorable", Explorable)
    app.connect("doctree-read", replace_outputs, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
