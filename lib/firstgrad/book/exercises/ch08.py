"""The exercises of chapter 08, regularisation and generalisation."""

import math

from firstgrad.book.answers import Choice, Function, Value


def _best_weight(X, y, theta, j, penalty):
    rest = [t - sum(x * w for k, (x, w) in enumerate(zip(row, theta, strict=True)) if k != j)
            for row, t in zip(X, y, strict=True)]
    a = sum(row[j] ** 2 for row in X) / len(X)
    c = sum(row[j] * r for row, r in zip(X, rest, strict=True)) / len(X)
    return math.copysign(max(abs(c) - penalty, 0.0) / a, c)


EXERCISES = {
    "08.1": Value(
        0.38,
        explain="0.04 + 0.09 + 0.25.",
        hint="The bias is 0.2, the variance 0.3², and the noise is there too.",
        mistakes={
            0.13: "That is the error against f. A new y has noise as well.",
            0.75: "Square the bias, and square the deviation.",
            0.59: "The bias must be squared and the deviation, too.",
            0.29: "Which of the three parts is missing?",
        },
    ),
    "08.2": Value(
        [1.6, 1.0],
        explain="λ adds to the curvature: 8/5 and 8/(5 + 3).",
        hint="Means: of xy, and of x² + λ.",
    ),
    "08.3": Value(
        [2.0, 4.0, 4.0],
        explain="Its norm is 6 = 18/3, the distance of the plane from 0.",
        hint="A multiple of the row of coefficients; the equation says which.",
    ),
    "08.4": Value(
        [2.5, 0.0, 0.4, -1.5, 0.0],
        explain="All lose 0.5; two had less than that.",
        hint="Towards zero by 0.5, and not beyond it.",
    ),
    "08.5": Function(
        _best_weight,
        cases=[
            ([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]], [1.0, 2.0, -1.0], [0.0, 0.0], 0, 0.1),
            ([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]], [1.0, 2.0, -1.0], [0.7, 5.0], 0, 0.2),
            ([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]], [1.0, 2.0, -1.0], [2.0, -3.0], 1, 0.3),
            ([[2.0], [4.0]], [1.0, 1.0], [9.0], 0, 5.0),
            ([[2.0], [4.0]], [-1.0, -1.0], [9.0], 0, 1.0),
        ],
        explain="Five cases agree. Sweeping j over all columns, again and again, solves the lasso.",
        hint="θ_j = S_λ(c)/a, where c uses the residual without θ_j.",
    ),
    "08.6": Value(
        [math.log(0.2) / math.log(0.8), 20.0],
        explain="The rule of thumb is for αst ≪ 1, and far off here: seven steps do.",
        hint="0.8ᵗ = 0.2; and t = 1/(αλ).",
    ),
    "08.7": Choice("c", {
        "a": "a is how it should be done: nothing but training rows is looked at.",
        "b": "b looks at all rows, but at no answer, and a column that is constant tells nothing. Harmless.",
        "c": "A held-out row's class decides what is filled in: its answer is written into its inputs.",
        "d": "d is nested cross-validation: λ is chosen without the held-out rows.",
    }),
    "08.8": Value(
        [0.0288, 0.0126],
        relative=1 / 3,
        explain="Twice the data, and the best penalty is less than half.",
        hint="Choose L2, 40 waves, and the curve over the penalty's strength; then change the points.",
    ),
}
