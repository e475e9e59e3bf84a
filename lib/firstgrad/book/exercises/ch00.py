"""The exercise of chapter 00, How to use this book."""

from firstgrad.book.answers import Value

EXERCISES = {
    "00.1": Value(
        2.4,
        explain="3 − 0.1 · 6: against the gradient, by a tenth of it.",
        hint="The new value is the old one minus learning rate times gradient.",
        mistakes={
            3.6: "3.6 is uphill: the step goes against the gradient.",
            0.6: "0.6 is the step itself, not where it ends.",
        },
    ),
}
