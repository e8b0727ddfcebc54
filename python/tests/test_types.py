"""The stubs say what is there."""

import subprocess
import sys

import pytest

CODE = """
import numpy as np
import rhea

answer: rhea.PrivacyAnswer = rhea.epsilon(noise_multiplier=1.0, sample_rate=0.5, steps=3, delta=1e-5)
key: rhea.SecretKey = rhea.keygen("owner.key", quota=3)
head: rhea.ProtectedHead = rhea.protect({"weight": np.eye(3), "bias": np.zeros(3)}, key, scheme="pad")
results: rhea.EncryptedResults = rhea.classify(head, np.eye(3))
largest: int = int(rhea.reveal(results, key).max())
"""


def mypy(*words, **options):
    pytest.importorskip("mypy")
    return subprocess.run(
        [sys.executable, "-m", *words], capture_output=True, text=True, **options
    )


def test_everything_has_its_type(tmp_path):
    # The compiled module lies in the package, which hands on all that is in it.
    within = tmp_path / "allowed"
    within.write_text("rhea.rhea\n")
    done = mypy("mypy.stubtest", "rhea", "--allowlist", within)
    assert done.returncode == 0, done.stdout + done.stderr


def test_callers_are_checked(tmp_path):
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text(CODE)
    done = mypy("mypy", "--strict", good, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    bad.write_text(CODE.replace('scheme="pad"', 'scheme="rsa"').replace("steps=3", 'steps="3"'))
    done = mypy("mypy", "--strict", bad, cwd=tmp_path)
    assert done.returncode == 1 and done.stdout.count("error:") == 2, done.stdout
