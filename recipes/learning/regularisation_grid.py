"""What chapter 08 compares: one network on 500 pictures, with each way of regularising it and without.

Each of five seeds draws its own 500 of the 8,000 training pictures of Fashion-MNIST, its own start and
batches; every way sees the same for one seed. "clean" has the labels as they are; in "noisy" a fifth of the
training labels are drawn anew at random. A way's strength is chosen by the validation accuracy, the mean over
the seeds; the test pictures are for the end: as they are, and moved by a pixel at random. About four minutes
on one core.
"""

NAME = "regularisation_grid"
TOLERANCE = 1e-3

SETTINGS = {
    "data": "Fashion-MNIST, 14×14 pixels",
    "pictures": 500,  # of the training split
    "sizes": [196, 128, 10],  # units: input, hidden, output
    "optimiser": "AdamW",
    "learning_rate": 2e-3,
    "batch_size": 50,
    "epochs": 80,
    "every": 2,  # epochs between two looks at the validation pictures
    "noise": 0.2,  # share of the training labels that are drawn anew, where noisy
    "seeds": [0, 1, 2, 3, 4],
}
# Way -> its strengths. shift: pixels in each direction; flip: one in two, left and right; share: of all.
WAYS = {
    "nothing": [{}],
    "L2": [{"decay": v} for v in (0.3, 1.0, 3.0)],
    "L1": [{"l1": v} for v in (1e-4, 3e-4, 1e-3)],
    "dropout": [{"dropout": v} for v in (0.25, 0.5, 0.75)],
    "augmentation": [{"flip": True}, {"shift": 1, "share": 0.5}, {"shift": 1, "flip": True, "share": 0.5}],
    "together": [{"shift": 1, "flip": True, "share": 0.5, "dropout": v, "decay": 0.3} for v in (0.25, 0.5)],
}
LABELS = ("clean", "noisy")
KINDS = ("shift", "flip", "share")  # of augmentation
CHECKED = [("clean", "nothing", 0), ("clean", "L1", 1), ("noisy", "dropout", 1),
           ("noisy", "together", 0)]
CHECKED_EPOCHS = 6


def run(steps=None):
    epochs = None if steps is None else -(-steps // (SETTINGS["pictures"] // SETTINGS["batch_size"]))
    return {"settings": SETTINGS, "ways": WAYS,
            "runs": {labels: {way: [[one_run(SETTINGS, labels, options, seed, epochs)
                                     for seed in SETTINGS["seeds"]] for options in strengths]
                              for way, strengths in WAYS.items()} for labels in LABELS}}


def augmented(images, generator, shift=0, flip=False, share=1.0):
    """A share of the pictures (n, 196) moved by up to `shift` pixels, and mirrored at random."""
    import torch

    n = len(images)
    pictures = images.view(n, 14, 14)
    if flip:
        mirrored = torch.rand(n, generator=generator) < 0.5
        pictures = torch.where(mirrored[:, None, None], pictures.flip(2), pictures)
    if shift:
        padded = torch.nn.functional.pad(pictures, (shift,) * 4)  # (n, 14 + 2 shift, 14 + 2 shift)
        down, right = torch.randint(0, 2 * shift + 1, (2, n, 1), generator=generator)
        rows, columns = down + torch.arange(14), right + torch.arange(14)  # (n, 14)
        pictures = padded[torch.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]
    chosen = torch.rand(n, 1, generator=generator) < share
    return torch.where(chosen, pictures.reshape(n, 196), images)


def one_run(settings, labels, options, seed, epochs=None):
    import torch
    from torch.utils.data import DataLoader

    from firstgrad.models.mlp import MLP, MLPConfig
    from firstgrad.optim import AdamW
    from firstgrad.training import Trainer

    generator = torch.Generator().manual_seed(seed)
    X, y = pictures(settings, labels, generator)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = MLP(MLPConfig(tuple(settings["sizes"])))
        optimizer = AdamW(model.parameters(), settings["learning_rate"],
                          weight_decay=options.get("decay", 0.0))
        trainer = Trainer(model, step=step_of(options), optimizer=optimizer, device="cpu", precision="fp32")
        looks, others, every = [], held_out(), settings["every"]
        for epoch in range(every, (epochs or settings["epochs"]) + 1, every):
            drawn = batches(settings, options, X, y, every, generator)
            trainer.fit(DataLoader(drawn, batch_size=None), epochs=1)
            looks.append([epoch, *(look(model, split) for split in ((X, y), *others))])
    return summary(looks, curve=seed == 0)


def pictures(settings, labels, generator):
    """The training pictures of one seed, and their labels."""
    import torch

    from firstgrad.data import fashion_mnist

    X, y = fashion_mnist("train")
    rows = torch.randperm(len(X), generator=generator)[:settings["pictures"]]
    X, y = X[rows], y[rows]
    wrong = torch.rand(len(y), generator=generator) < settings["noise"]
    drawn = torch.randint(0, 10, y.shape, generator=generator)
    return X, torch.where(wrong, drawn, y) if labels == "noisy" else y


def batches(settings, options, X, y, epochs, generator):
    """All batches of some epochs: pictures, labels, and what dropout multiplies the hidden units by."""
    import torch
    from torch.nn.functional import dropout

    kinds = {kind: options[kind] for kind in KINDS if kind in options}
    dropped, drawn = options.get("dropout", 0.0), []
    for _ in range(epochs):
        for rows in torch.randperm(len(X), generator=generator).split(settings["batch_size"]):
            images = augmented(X[rows], generator, **kinds)
            mask = dropout(torch.ones(len(rows), settings["sizes"][1]), dropped, training=dropped > 0)
            drawn.append((images, y[rows], mask))
    return drawn


def step_of(options):
    """The loss of a batch, for a Trainer."""
    import torch
    from torch.nn.functional import cross_entropy

    def step(model, batch):
        images, labels, mask = batch
        hidden, last = model.layers
        loss = cross_entropy(last(torch.relu(hidden(images)) * mask), labels)
        if "l1" in options:
            loss = loss + options["l1"] * (hidden.weight.abs().sum() + last.weight.abs().sum())
        return loss

    return step


def held_out():
    """Validation, test, and test with every picture moved by up to one pixel."""
    import torch

    from firstgrad.data import fashion_mnist

    validation, (images, labels) = fashion_mnist("validation"), fashion_mnist("test")
    moved = augmented(images, torch.Generator().manual_seed(0), shift=1)
    return validation, (images, labels), (moved, labels)


def look(model, data):
    """Loss and accuracy."""
    import torch

    with torch.no_grad():
        logits = model(data[0])
        return [torch.nn.functional.cross_entropy(logits, data[1]).item(),
                (logits.argmax(1) == data[1]).float().mean().item()]


def summary(looks, curve):
    """The end, and where the validation loss was lowest: early stopping would have gone back there."""
    def said(entry):
        epoch, train, validation, test, moved = entry
        return {"epoch": epoch, "train_loss": digits(train[0]), "train_accuracy": digits(train[1]),
                "validation_loss": digits(validation[0]), "accuracy": digits(validation[1]),
                "test_accuracy": digits(test[1]), "moved_accuracy": digits(moved[1])}

    result = {"end": said(looks[-1]), "best": said(min(looks, key=lambda entry: entry[2][0]))}
    if curve:
        result["curve"] = {"epoch": [entry[0] for entry in looks],
                           "train": [digits(entry[1][0]) for entry in looks],
                           "validation": [digits(entry[2][0]) for entry in looks]}
    return result


def digits(value):
    return float(f"{value:.4g}")


def first_steps(recording):
    settings = recording["settings"]
    measured, recorded = {}, {}
    looks = CHECKED_EPOCHS // settings["every"]
    for labels, way, at in CHECKED:
        again = one_run(settings, labels, recording["ways"][way][at], 0, CHECKED_EPOCHS)["curve"]
        for kind in ("train", "validation"):
            measured[f"{labels} {way} {kind}"] = again[kind]
            recorded[f"{labels} {way} {kind}"] = recording["runs"][labels][way][at][0]["curve"][kind][:looks]
    return measured, recorded
