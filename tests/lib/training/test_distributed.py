"""On two and on three processes, started by torchrun, a training is the one that a single process makes."""

import itertools
import runpy
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

from firstgrad.training.checkpoint import Checkpoints
from firstgrad.training.distributed import ALONE, World, like, together

SCENARIOS = Path(__file__).parent / "distributed" / "scenarios.py"
sys.path.insert(0, str(SCENARIOS.parent))

import scenarios  # noqa: E402


def torchrun(processes, *command, **options):
    torchrun = Path(sys.executable).with_name("torchrun")
    return [torchrun, "--standalone", "--nproc-per-node", str(processes),
            *(f"--{name.replace('_', '-')}={value}" for name, value in options.items()), *map(str, command)]


@pytest.fixture(scope="module", params=[2, 3])
def ranks(request, tmp_path_factory):
    """What each process of a world of two, or of three, has seen in the scenarios."""
    folder = tmp_path_factory.mktemp("world")
    command = torchrun(request.param, SCENARIOS, folder)
    done = subprocess.run(command, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr[-3000:]
    return [torch.load(folder / f"rank{rank}.pt", weights_only=True) for rank in range(request.param)]


def same(one, other, **tolerance):
    for name in ("losses", "rows", "stopped"):
        assert one[name] == pytest.approx(other[name], **tolerance), name
    assert len(one["validation"]) == len(other["validation"])
    for entry, expected in zip(one["validation"], other["validation"], strict=True):
        assert entry == pytest.approx(expected, **tolerance)
    assert one["evaluated"] == pytest.approx(other["evaluated"], **tolerance)
    for name, tensor in other["weights"].items():
        torch.testing.assert_close(one["weights"][name], tensor, rtol=0, atol=tolerance.get("abs", 0))
    torch.testing.assert_close(one["predicted"], other["predicted"], rtol=0, atol=tolerance.get("abs", 0))


# --- the same numbers ---


@pytest.mark.parametrize("name", scenarios.SAME)
def test_every_loss_metric_and_parameter_is_that_of_a_single_process(name, ranks):
    alone = scenarios.SAME[name](0)
    assert len(alone["losses"]) > 2
    for rank in ranks:
        same(rank[name], alone, abs=1e-10)


def test_the_processes_end_with_the_very_same_parameters(ranks):
    for name in scenarios.SAME:
        for rank in ranks[1:]:
            same(rank[name], ranks[0][name])


def test_a_model_is_replicated_or_sharded_as_was_chosen(ranks):
    assert "Replicated" in ranks[0]["tensors"]["trainer"]
    assert "FSDP" in ranks[0]["sharded"]["trainer"]


# --- shares of the data ---


def test_every_row_is_read_by_one_process_once_an_epoch(ranks):
    read = [rank["read"]["read"] for rank in ranks]
    # Of the epoch's last batch, which has one row, all but the last process read the row without counting it.
    extra = 2 * (len(ranks) - 1)
    assert sum(map(len, read)) == 2 * scenarios.ROWS + extra
    assert set(itertools.chain(*read)) == set(range(scenarios.ROWS))
    assert max(map(len, read)) - min(map(len, read)) <= 2 * 5  # a row a batch


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("rows", [1, 2, 3, 7, 8, 64])
def test_shares_are_disjoint_whole_and_even(size, rows):
    shares = [World(rank, size).share(rows) for rank in range(size)]
    counted = [list(range(rows))[part] for part, count in shares if count]
    assert list(itertools.chain(*counted)) == list(range(rows))
    counts = [count for _, count in shares]
    assert max(counts) - min(counts) <= 1
    assert all(part.stop - part.start == max(1, count) for part, count in shares)


def test_a_loader_without_a_generator_of_its_own_gives_all_processes_the_same_batches(ranks):
    seen = [rank["shuffled"]["seen"] for rank in ranks]
    for batches in zip(*seen, strict=True):
        counted = [value for part in batches for value in part]
        total = min(scenarios.BATCH, len(counted))
        assert len(set(counted)) == (total if total == scenarios.BATCH else 1)  # no row twice
    epoch = [value for part in seen for batch in part[:4] for value in batch]
    assert len(set(epoch)) == 32
    assert seen[0][:4] != seen[0][5:9]  # the next epoch has another order


# --- callbacks ---


def test_a_callback_that_is_called_everywhere_may_ask_what_all_have_to_answer(ranks):
    found = [rank["asked by a callback"]["everywhere"]["found"] for rank in ranks]
    assert len(found[0]) == 4
    assert found[0][1] == len(ranks)
    assert all(one == found[0] for one in found)


def test_a_callback_of_the_first_process_is_told_why_it_may_not(ranks):
    first, *others = [rank["asked by a callback"]["in the first"] for rank in ranks]
    assert first["said"] == [f"evaluate: called by one of {len(ranks)} processes, expected all: set "
                             "every_rank = True in the callback"] * 2
    assert all(other == {"found": [], "said": []} for other in others)


def test_any_word_is_a_reason_to_stop(ranks):
    for rank in ranks:
        assert rank["a reason"]["stopped"] == "the budget is spent"
        assert rank["a reason"]["steps"] == ranks[0]["a reason"]["steps"] <= 5


def test_batch_norm_is_warned_of(ranks):
    assert all(any("batch norm: each of" in said for said in rank["batch norm"]["said"]) for rank in ranks)


# --- saving, stopping ---


@pytest.mark.parametrize("kind", ["resumed", "resumed, sharded"])
def test_a_run_that_was_stopped_goes_on_as_if_it_never_was(kind, ranks):
    for rank, found in enumerate(ranks):
        result = found[kind]
        assert result["stopped"]["stopped"] == "stop"
        assert len(result["stopped"]["losses"]) == 7  # asked at the sixth step, agreed upon at the next
        assert result["again"]["losses"] == result["whole"]["losses"]
        same(result["again"], result["whole"])
        assert result["saves"] == ([4, 7] if rank == 0 else [])  # one writes
        assert result["seen"] == (7 if rank == 0 else 0)  # and one is watched


def test_processes_draw_different_dropout(ranks):
    drawn = [tuple(rank["shuffled"]["drawn"]) for rank in ranks]
    assert len(set(drawn)) == len(ranks)


def test_what_one_process_is_asked_all_do(ranks):
    results = [rank["stopped"] for rank in ranks]
    assert results == [{"stopped": "SIGTERM", "steps": 6}] * len(ranks)


def test_a_share_that_is_not_finite_ends_all_at_the_same_step(ranks):
    assert [rank["not finite"]["step"] for rank in ranks] == [3] * len(ranks)
    assert [rank["not finite in one part"]["step"] for rank in ranks] == [0] * len(ranks)


def test_when_the_one_that_writes_cannot_all_say_so(ranks):
    assert [rank["cannot save"]["says"] for rank in ranks] == ["the disk is full"] * len(ranks)


def test_what_cannot_be_is_refused_by_all(ranks):
    for rank in ranks:
        (sampler,) = rank["refused"]["said"]
        assert sampler.startswith("train: given a DataLoader with a DistributedSampler, expected one without")


# --- a process dies ---

MORTAL = textwrap.dedent("""
    import os, signal, sys, pathlib, torch
    from torch.nn import functional as F
    from firstgrad.training import Checkpoints
    from firstgrad.optim import Adam
    from firstgrad.training import Trainer

    folder, rank = pathlib.Path(sys.argv[1]), int(os.environ.get("RANK", "0"))
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 2).double()
    x = torch.randn(40, 4).double()
    calls = []

    def loss(outputs, targets):
        calls.append(torch.is_grad_enabled())
        if sum(calls) == 8 and rank == 1 and not (folder / "died").exists():
            (folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return F.cross_entropy(outputs, targets)

    trainer = Trainer(model, loss, Adam(model.parameters(), 0.1), device="cpu")
    history = trainer.fit((x, (x[:, 0] > 0).long()), epochs=4, batch_size=8,
                          checkpoints=Checkpoints(folder / "run", every_steps=3))
    torch.save([history.train_loss, model.state_dict()], folder / f"done{rank}.pt")
""")


def test_when_a_process_dies_the_others_say_so_and_the_same_command_goes_on(tmp_path, monkeypatch):
    script = tmp_path / "mortal.py"
    script.write_text(MORTAL)
    first = subprocess.run(torchrun(2, script, tmp_path), capture_output=True, text=True, timeout=300)
    assert first.returncode != 0
    assert "rank 0: another process of this run has died" in first.stderr
    assert Checkpoints(tmp_path / "run").latest().step == 6
    again = subprocess.run(torchrun(2, script, tmp_path), capture_output=True, text=True, timeout=300)
    assert again.returncode == 0, again.stderr[-3000:]
    assert "going on after step 6" in again.stderr
    whole = tmp_path / "whole"
    whole.mkdir()
    (whole / "died").touch()
    monkeypatch.setattr(sys, "argv", ["mortal.py", str(whole)])
    runpy.run_path(str(script))
    losses, weights = torch.load(tmp_path / "done0.pt", weights_only=True)
    expected, parameters = torch.load(whole / "done0.pt", weights_only=True)
    assert losses == pytest.approx(expected, abs=1e-10)
    for name, tensor in parameters.items():
        torch.testing.assert_close(weights[name], tensor, rtol=0, atol=1e-10)


# --- alone ---


def test_alone_nothing_is_sent(monkeypatch):
    def nobody(*_, **__):
        raise AssertionError("there is nobody")

    for name in ("all_reduce", "all_gather_object", "broadcast_object_list", "broadcast",
                 "init_process_group"):
        monkeypatch.setattr(torch.distributed, name, nobody)
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    world = World.join()
    assert world is ALONE
    assert world.sum([1.5, 2]) == [1.5, 2]
    assert world.gather("mine") == ["mine"]
    assert world.first(lambda: 7) == 7
    world.spread([torch.zeros(1)])
    assert world.share(8) == (slice(0, 8), 8)
    model = torch.nn.Linear(1, 1)
    assert world.wrap(model, model, torch.device("cpu")) is model
    assert together({"a": [1, model.weight]}) == {"a": [1, model.weight]}
    assert like(model.weight, model.weight) is model.weight


@pytest.mark.parametrize(("size", "local", "expected"), [(1, 0, "cuda"), (4, 1, "cuda:1")])
def test_each_process_of_a_machine_has_a_gpu_of_its_own(size, local, expected, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", lambda index: None)
    assert World(0, size, local).place(torch.device("cuda")) == torch.device(expected)
    assert World(0, size, local).place(torch.device("cpu")) == torch.device("cpu")


def test_more_processes_than_gpus_are_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(ValueError, match="nproc-per-node: given more than 2, expected at most one process"):
        World(2, 3, 2).place(torch.device("cuda"))
