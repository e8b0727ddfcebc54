"""Writes logistic_regression.csv: weights of scikit-learn's LogisticRegression on made-up features.

One row a training set: what it is of, then six weights at places that the set's number gives, one
bias, and the norm of all weights. Needs numpy and scikit-learn (1.9.1 wrote the file).
"""

import csv
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression

# classes, shots, width, C; repeated until there are a hundred sets.
KINDS = [(10, 1, 1280, 1.0)] * 5 + [
    (10, 1, 1280, 0.1),
    (10, 1, 1280, 31.6),
    (10, 4, 256, 0.316),
    (3, 5, 40, 10.0),
    (2, 6, 100, 1.0),
]


class Stream:
    """Numerical Recipes' generator, to be had in any language."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return np.float32(self.state >> 8) / np.float32(2**24)


def features(number, classes, shots, width):
    """Non-negative, sparse, around class means, as a ReLU backbone makes them."""
    stream = Stream(number)
    means = [[stream.next() for _ in range(width)] for _ in range(classes)]
    rows = []
    for example in range(classes * shots):
        mean = means[example % classes]
        row = [max(np.float32(0), stream.next() + m - np.float32(1)) for m in mean]
        rows.append([np.float32(2) * value for value in row])
    return np.array(rows, np.float64), np.arange(classes * shots) % classes


def fit(x, y, c):
    options = dict(C=c, tol=1e-9, max_iter=1_000_000)
    model = LogisticRegression(solver="newton-cg", **options).fit(x, y)
    w, b = model.coef_, model.intercept_
    if len(w) == 1:
        w, b = np.concatenate([-w / 2, w / 2]), np.concatenate([-b / 2, b / 2])
    # The condition for the minimum, which the solver's own tolerance does not promise.
    z = x @ w.T + b
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    strength = c / 2 if len(w) == 2 else c
    missed = np.abs(w + strength * (p - np.eye(len(w))[y]).T @ x).max()
    return w, b - b.mean(), missed


def main(path):
    with open(path, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow("set classes shots width c w0 w1 w2 w3 w4 w5 bias norm".split())
        worst = 0
        for number in range(100):
            classes, shots, width, c = KINDS[number % len(KINDS)]
            x, y = features(number, classes, shots, width)
            w, b, missed = fit(x, y, c)
            worst = max(worst, missed)
            places = [(number + 7 * i) * 37 % (classes * width) for i in range(6)]
            values = [w.flat[place] for place in places]
            values += [b[number % classes], np.linalg.norm(w)]
            out.writerow([number, classes, shots, width, c, *(f"{v:.9g}" for v in values)])
        print(f"the condition is missed by {worst:.1e} at most", file=sys.stderr)


main(sys.argv[1])
