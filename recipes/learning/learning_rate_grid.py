"""What the learning-rate lab shows: one small network, trained anew for every learning rate and optimiser.

Every run has the same start and sees the same batches in the same order, so that two runs differ by nothing
but the optimiser and its learning rate. About twenty seconds on one core.
"""

from firstgrad.widgets.learning_rate_lab import OPTIMISERS, dead_units, experiment, four_digits, windows

NAME = "learning_rate_grid"
TOLERANCE = 1e-3  # of a mean over ten steps, at learning rates that do not amplify rounding

SETTINGS = {
    "data": "Fashion-MNIST, 14×14 pixels",
    "train": 8000,  # images
    "validation": 2000,  # images
    "sizes": [196, 64, 10],  # units: input, hidden, output
    "batch_size": 64,
    "epochs": 5,
    "steps": 625,
    "window": 10,  # steps that one recorded training loss is the mean of
    "momentum": 0.9,  # of Momentum and Nesterov
    "seed": 0,  # of the start and of the order of the batches
}
# Four to a decade: from "nothing moves" to "everything breaks".
LEARNING_RATES = [float(f"{10 ** (k / 4):.2g}") for k in range(-16, 5)]
CHECKED = (0.001, 0.01, 0.1)  # learning rates whose first steps `check` trains again
CHECKED_STEPS = 40


def run(steps=None):
    runs = {name: [one_run(SETTINGS, name, rate, steps) for rate in LEARNING_RATES] for name in OPTIMISERS}
    return {"settings": SETTINGS, "learning_rates": LEARNING_RATES, "runs": runs}


def one_run(settings, optimiser, learning_rate, steps=None):
    from firstgrad.training import NonFiniteLossError

    trainer, train, validation = experiment(settings, optimiser, learning_rate)
    diverged_at = None
    try:
        history = trainer.fit(train, validation, epochs=settings["epochs"], steps=steps,
                              batch_size=settings["batch_size"])
    except NonFiniteLossError as error:
        history, diverged_at = error.history, error.step
    return {
        "train": four_digits(windows(history.train_loss, settings["window"])),
        "validation_loss": four_digits(entry["loss"] for entry in history.validation),
        "validation_accuracy": four_digits(entry["accuracy"] for entry in history.validation),
        "dead_units": dead_units(trainer.model, validation[0]),
        "diverged_at": diverged_at,
    }


def first_steps(recording):
    settings, rates = recording["settings"], recording["learning_rates"]
    count = CHECKED_STEPS // settings["window"]
    measured, recorded = {}, {}
    for name in OPTIMISERS:
        for rate in CHECKED:
            key = f"{name} {rate}"
            measured[key] = one_run(settings, name, rate, CHECKED_STEPS)["train"]
            recorded[key] = recording["runs"][name][rates.index(rate)]["train"][:count]
    return measured, recorded
