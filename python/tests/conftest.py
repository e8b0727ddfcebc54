"""The command beside the package, and a head to try both on."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def command():
    """The command, whose answers the package must give: RHEA_HARNESS, or what cargo built."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    program = Path(os.environ.get("RHEA_HARNESS", target / "debug" / "harness"))
    if not program.is_file():
        pytest.skip(f"{program} is not built: cargo build -p harness, or name it with RHEA_HARNESS")

    def run(*words, code=0, **options):
        done = subprocess.run(
            [program, *map(str, words)], capture_output=True, text=True, **options
        )
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    return run


class Head:
    """A linear head, features, and the classes in the clear."""

    def __init__(self, images, features, classes, seed):
        draw = np.random.default_rng(seed)
        self.weight = draw.normal(size=(classes, features)).astype(np.float32)
        self.bias = draw.normal(size=classes).astype(np.float32)
        self.features = np.maximum(draw.normal(size=(images, features)), 0).astype(np.float32)
        self.public = np.maximum(draw.normal(size=(300, features)), 0).astype(np.float32)
        self.logits = self.features.astype(float) @ self.weight.T.astype(float) + self.bias
        self.classes = self.logits.argmax(axis=1)
        self.state = {"weight": self.weight, "bias": self.bias}


@pytest.fixture(scope="session")
def head():
    return Head(images=500, features=64, classes=10, seed=7)
