"""firstgrad on the command line: `info` says what this machine has, `train` runs a recipe."""

import argparse
import contextlib
import inspect
import json
import os
import shlex
import sys
import traceback
from pathlib import Path
from typing import Any

from firstgrad import recipe as recipes
from firstgrad.arguments import whole
from firstgrad.recipe import RecipeError

_PACKAGE = Path(__file__).resolve().parent
_FREE = ("epochs",)  # settings that may change when a run goes on: it then ends later, or earlier

_ABOUT = """\
Train the network that a recipe describes: a file such as recipes/learning/mlp_fashion_mnist.py.

What the run needs is kept in its folder: checkpoints (the newest two), log.csv with the loss of
every step, run.json with the settings. Ctrl-C and SIGTERM save before they end it. The same command,
given again after that, or after a kill or a power cut, goes on where the newest checkpoint is and
ends with the same parameters, bit for bit, as if nothing had happened.
"""
_EXAMPLES = """\
examples:
  python -m firstgrad train recipes/learning/mlp_fashion_mnist.py
  python -m firstgrad train recipes/learning/mlp_fashion_mnist.py --help     (what can be set in it)
  python -m firstgrad train recipes/learning/mlp_fashion_mnist.py --hidden 512 --folder runs/wide
  python -m firstgrad train recipes/language/lstm_text.py --steps 200 --device cpu
  torchrun --nproc-per-node 2 -m firstgrad train recipes/language/lstm_text.py

It ends with 0 when it is done, 1 when the training failed, 2 for a wrong argument, 130 after Ctrl-C.
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        """One line, and where to read on; argparse would print all options before it."""
        self.exit(2, f"{self.prog}: {message} (--help says more)\n")


class _Help(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog):
        super().__init__(prog, max_help_position=24, width=100)


def main(arguments: list[str] | None = None) -> int:
    """Run a command line (None: that of the process). Returns: the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser, train = _parsers()
    options, _ = parser.parse_known_args(arguments)
    if options.command == "info":
        parser.parse_args(arguments)  # what it does not know is an error
        return _info()
    if options.recipe is None:
        if not options.help:
            train.error("given no recipe, expected a file such as recipes/learning/mlp_fashion_mnist.py")
        train.print_help()
        return 0
    try:
        build = recipes.load(options.recipe)
        names = _add_settings(train, build)
        if options.help:
            train.print_help()
            return 0
        options = parser.parse_args(arguments)
        return _train(build, {name: getattr(options, name) for name in names}, options)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        status = _status(error)
        if status is None or options.traceback:
            raise
        if status != 2 or os.environ.get("RANK", "0") == "0":  # one process says it for all
            print(f"{train.prog}: {' '.join(str(error).split())}", file=sys.stderr)
        return status


def _parsers() -> tuple[_Parser, _Parser]:
    """The whole command line, and the part of `train`, which a recipe adds its settings to."""
    parser = _Parser(prog="firstgrad", description=inspect.getdoc(sys.modules[__name__]), allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="info | train")
    commands.add_parser("info", help="devices, versions, and what 'auto' chooses on this machine")
    train = commands.add_parser(
        "train", help="train what a recipe describes", description=_ABOUT, epilog=_EXAMPLES, add_help=False,
        allow_abbrev=False, formatter_class=_Help,
        usage="python -m firstgrad train RECIPE [options] [settings of the recipe]")
    add = train.add_argument
    add("recipe", nargs="?", metavar="RECIPE", help="a Python file with a function recipe()")
    add("-h", "--help", action="store_true", help="show this; after a recipe, its settings as well")
    add("--folder", metavar="PATH", help="of the run (default: runs/ and the recipe's name)")
    add("--steps", type=int, metavar="N", help="end after so many updates, if the epochs do not end before")
    add("--device", default="auto", metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps (default: auto)")
    add("--precision", default="auto", metavar="NAME", help="auto, fp32, tf32, bf16 or fp16 (default: auto)")
    add("--compile", action="store_true", help="train through torch.compile: for large models on a GPU")
    add("--cuda-graph", action="store_true", help="replay a step as CUDA graphs: for small models on a GPU")
    add("--shard", action="store_true", help="under torchrun: each process has a part of the weights (FSDP2)")
    add("--seed", type=int, default=0, metavar="N", help="of weights, order and dropout (default: 0)")
    add("--every-steps", type=int, metavar="N", help="a checkpoint every N steps")
    add("--every-seconds", type=float, metavar="S", help="a checkpoint every S seconds (default: 60)")
    add("--quiet", action="store_true", help="no progress bar; the last lines only")
    add("--traceback", action="store_true", help="where in the code an error arose, instead of one line")
    return parser, train


def _add_settings(train: _Parser, build) -> list[str]:
    """Make the recipe's parameters options of `train`. Returns: their names."""
    group = train.add_argument_group("settings of this recipe", inspect.getdoc(build))
    settings = recipes.settings(build)
    for name, setting in settings.items():
        how: dict[str, Any] = {"type": _reader(setting), "metavar": str(setting).upper().replace(" OR ", "|")}
        if str(setting) == "bool":
            how = {"action": argparse.BooleanOptionalAction}
        shown = "none" if setting.default is None else "%(default)s"
        how |= {"default": setting.default, "help": f"(default: {shown})"}
        try:
            group.add_argument(f"--{name.replace('_', '-')}", **how)
        except argparse.ArgumentError:
            raise RecipeError(f"recipe(): its parameter {name} is called like an option of train; call it "
                              "otherwise") from None
    return list(settings)


def _reader(setting: recipes.Setting):
    def read(word: str):
        try:
            return setting.read(word)
        except ValueError:
            raise argparse.ArgumentTypeError(f"invalid {setting} value: {word!r}") from None
    return read


# --- info ---

def _info() -> int:
    from firstgrad import info

    rows = info.table()
    for name, value in rows.items():
        print(f"{name:<{max(map(len, rows))}}  {value}")
    return 0


# --- train ---

def _train(build, settings: dict, options) -> int:
    from firstgrad.training import stopping
    from firstgrad.training.checkpoint import Checkpoints

    for name in {"epochs", "batch_size"} & set(settings):
        whole(name, settings[name])
    name = Path(options.recipe).stem
    folder = Path(options.folder or Path("runs") / name)
    recipe = recipes.make(build, settings, options.seed)
    neither = options.every_steps is None and options.every_seconds is None
    checkpoints = Checkpoints(folder, every_steps=options.every_steps,
                              every_seconds=60 if neither else options.every_seconds, best=recipe.best,
                              mode=recipe.mode)
    trainer = _trainer(recipe, name, folder, options)
    with contextlib.ExitStack() as stack:
        told = {"recipe": name, "seed": options.seed, **settings}
        trainer.world.first(lambda: _begin(stack, checkpoints, told))
        history = trainer.fit(recipe.train, recipe.validation, epochs=recipe.epochs, steps=options.steps,
                              batch_size=recipe.batch_size, checkpoints=checkpoints,
                              early_stopping=recipe.early_stopping, validate_every=recipe.validate_every)
    if history.stopped in stopping.NAMES.values():
        return 130
    _conclude(name, recipe, trainer, history, checkpoints, options.shard)
    return 0


def _trainer(recipe, name: str, folder: Path, options):
    from firstgrad.training import Trainer
    from firstgrad.training.callbacks import CSVLog, Progress

    callbacks = [CSVLog(folder / "log.csv"), *([] if options.quiet else [Progress(name)]), _GoOn(folder)]
    trainer = Trainer(recipe.model, recipe.loss, recipe.optimizer, step=recipe.step, device=options.device,
                      precision=options.precision, accumulate=recipe.accumulate,
                      clip_norm=recipe.clip_norm, clip_value=recipe.clip_value,
                      schedule=recipe.schedule, seed=options.seed,
                      callbacks=callbacks, metrics=recipe.metrics, compile=options.compile,
                      cuda_graph=options.cuda_graph, shard=options.shard)
    if trainer.world.is_first and not options.quiet:
        print(trainer.describe(), file=sys.stderr)
    return trainer


class _GoOn:
    """Says how a run that a signal ended is taken up; SIGTERM leaves no other moment to say it."""

    def __init__(self, folder: Path):
        self.folder = folder

    def on_end(self, trainer):
        from firstgrad.training import stopping

        stopped = trainer.run.history.stopped
        if stopped in stopping.NAMES.values():
            print(f"stopped by {stopped} after step {trainer.step}; the same command goes on from "
                  f"{self.folder}:\n  {_command()}", file=sys.stderr)


def _command() -> str:
    """The command line of this process, as it was typed, as far as can be known."""
    program = Path(sys.argv[0]).name
    start = ["python", "-m", "firstgrad"] if program == "__main__.py" else [program]
    if "TORCHELASTIC_RUN_ID" in os.environ:
        start = ["torchrun", "…", "-m", "firstgrad"]
    return f"{' '.join(start)} {shlex.join(sys.argv[1:])}"


def _begin(stack: contextlib.ExitStack, checkpoints, settings: dict) -> None:
    """Lock the folder. See that its run was begun with these settings; if none was begun, write them down."""
    stack.enter_context(checkpoints.lock())
    file = checkpoints.folder / "run.json"
    if not checkpoints.paths() or not file.exists():
        file.write_text(json.dumps(settings, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return
    begun = json.loads(file.read_text(encoding="utf-8"))
    for name in [*begun, *settings]:
        given, before = settings.get(name), begun.get(name)
        if given != before and name not in _FREE:
            raise RecipeError(f"{name}: given {given!r}, but the run in {checkpoints.folder} was begun with "
                              f"{before!r}; go on with that, or begin in another --folder")


def _conclude(name: str, recipe, trainer, history, checkpoints, sharded: bool) -> None:
    """The last lines: what the trained model is worth, what it took, where it is."""
    from firstgrad.training.restoring import load_weights

    path, best = trainer.world.first(
        lambda: (checkpoints.paths()[-1], checkpoints.best() if recipe.best else None))
    results = {"validation": (history.validation or [{}])[-1]}
    if best:
        path, results["validation"] = best.path, best.metrics
        load_weights({"": trainer.model}, best.weights)
    if recipe.test is not None:
        results["test"] = trainer.evaluate(recipe.test)  # by all processes together
    if not trainer.world.is_first:
        return
    if recipe.report and not sharded:
        trainer.model.eval()
        print(recipe.report(trainer.model), end="\n\n")
    shown = [f"{part} {_in_words(metrics)}" for part, metrics in results.items() if metrics]
    print(" · ".join([f"{name}: {shown[0]}" if shown else name, *shown[1:], history.summary()]))
    print(f"weights: {path / 'model.safetensors'}")


def _in_words(metrics: dict) -> str:
    values = {name: value for name, value in metrics.items() if name not in ("epoch", "step")}
    return ", ".join(f"{name} {value:.4f}" for name, value in values.items())


# --- errors ---

def _status(error: Exception) -> int | None:
    """The exit status for what our own checks say, in one line; None for what needs a traceback."""
    if isinstance(error, RecipeError):
        return 2
    where = traceback.extract_tb(error.__traceback__)[-1]
    if not Path(where.filename).is_relative_to(_PACKAGE) or not (where.line or "").startswith("raise"):
        return None  # a mistake in the recipe, in torch, or in our own code
    from firstgrad.training.checkpoint import CheckpointError
    from firstgrad.training.device import DeviceUnavailableError
    from firstgrad.training.distributed import LostProcessError
    from firstgrad.training.history import NonFiniteLossError

    if isinstance(error, CheckpointError | NonFiniteLossError | LostProcessError):
        return 1
    return 2 if isinstance(error, ValueError | TypeError | DeviceUnavailableError) else None


if __name__ == "__main__":
    sys.exit(main())
