"""What chapter 07 compares: five optimisers over grids of learning rates, three seeds, two sets of pictures.

"plain" are the pictures of Fashion-MNIST; "dimmed" are the same with the right half of each a hundred times
darker, so that half of the first layer's weights have gradients a hundred times smaller. For one seed every
run has the same start and sees the same batches. About three minutes on one core.
"""

import math

NAME = "adam_grid"
TOLERANCE = 1e-3

SETTINGS = {
    "data": "Fashion-MNIST, 14×14 pixels",
    "sizes": [196, 64, 10],  # units: input, hidden, output
    "batch_size": 64,
    "epochs": 5,
    "steps": 625,
    "dim": 0.01,  # what the right half's pixels are multiplied by, where dimmed
    "seeds": [0, 1, 2],  # of the start and of the order of the batches
    "window": 10,  # steps that one recorded training loss is the mean of
}
LARGE = [float(f"{10 ** (k / 2):.2g}") for k in range(-6, 2)]  # 0.001 to 3.2
SMALL = [float(f"{10 ** (k / 2):.2g}") for k in range(-10, -2)]  # 0.00001 to 0.032
RATES = {"SGD": LARGE, "Momentum": LARGE, "RMSProp": SMALL, "Adam": SMALL, "AdamW": SMALL}
DATA = ("plain", "dimmed")
CHECKED = {"SGD": 0.1, "Momentum": 0.01, "RMSProp": 0.001, "Adam": 0.001, "AdamW": 0.001}
CHECKED_STEPS = 40


def run(steps=None):
    return {"settings": SETTINGS, "rates": RATES,
            "runs": {kind: {name: [[one_run(SETTINGS, kind, name, rate, seed, steps)
                                    for seed in SETTINGS["seeds"]] for rate in rates]
                            for name, rates in RATES.items()} for kind in DATA}}


def pictures(settings, kind, split):
    import torch

    from firstgrad import data

    images, labels = data.fashion_mnist(split)
    if kind == "dimmed":
        scale = torch.ones(14)
        scale[7:] = settings["dim"]
        images = images * scale.repeat(14)
    return images, labels


def one_run(settings, kind, name, rate, seed, steps=None):
    import torch

    from firstgrad import optim
    from firstgrad.models.mlp import MLP, MLPConfig
    from firstgrad.training import NonFiniteLossError, Trainer

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = MLP(MLPConfig(tuple(settings["sizes"])))
    optimizer = getattr(optim, name)(model.parameters(), rate)
    trainer = Trainer(model, torch.nn.functional.cross_entropy, optimizer, device="cpu", precision="fp32",
                      seed=seed)
    try:
        history = trainer.fit(pictures(settings, kind, "train"), epochs=settings["epochs"], steps=steps,
                              batch_size=settings["batch_size"])
    except NonFiniteLossError as error:
        return {"train": None, "validation_loss": None, "accuracy": None, "test_accuracy": None,
                "diverged_at": error.step}
    validation = trainer.evaluate(pictures(settings, kind, "validation"))
    test = trainer.evaluate(pictures(settings, kind, "test"))
    window = settings["window"]
    losses = history.train_loss
    means = [sum(losses[i : i + window]) / len(losses[i : i + window]) for i in range(0, len(losses), window)]
    return {"train": digits(means) if seed == 0 else digits(means[-1:]),  # the curve of one seed is enough
            "validation_loss": digits([validation["loss"]])[0],
            "accuracy": digits([validation["accuracy"]])[0], "test_accuracy": digits([test["accuracy"]])[0],
            "diverged_at": None}


def digits(values):
    return [float(f"{value:.4g}") if math.isfinite(value) else None for value in values]


def first_steps(recording):
    settings = recording["settings"]
    count = CHECKED_STEPS // settings["window"]
    measured, recorded = {}, {}
    for kind in DATA:
        for name, rate in CHECKED.items():
            key = f"{kind} {name} {rate}"
            measured[key] = one_run(settings, kind, name, rate, 0, CHECKED_STEPS)["train"]
            at = recording["rates"][name].index(rate)
            recorded[key] = recording["runs"][kind][name][at][0]["train"][:count]
    return measured, recorded
