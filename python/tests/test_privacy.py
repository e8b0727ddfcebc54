"""The accountants against other software, and against the command."""

import csv
import json
import math

import pytest
import rhea
from conftest import ROOT

RUN = {"sample_rate": 0.5, "steps": 64, "delta": 10**-1.1}


def golden():
    table = ROOT / "crates/privacy/tests/fixtures/accountants.csv"
    with table.open() as rows:
        return list(csv.DictReader(rows))


def test_every_row_of_the_other_accountants():
    """Opacus, dp-accounting and prv-accountant; the tolerances are those of the Rust tests."""
    rows = golden()
    assert len(rows) >= 290
    for row in rows:
        answer = rhea.epsilon(
            noise_multiplier=float(row["noise_multiplier"]),
            sample_rate=float(row["sample_rate"]),
            steps=int(row["steps"]),
            delta=float(row["delta"]),
            accountant="rdp" if row["accountant"] == "rdp" else "prv",
        )
        theirs = float(row["epsilon"])
        match row["accountant"]:
            case "rdp":
                assert answer.epsilon <= theirs * (1 + 1e-4), row
                assert answer.order is not None and answer.epsilon_lower is None
            case "prv":
                assert answer.epsilon <= theirs, row
            case "prv_lower":
                assert answer.epsilon_lower >= theirs, row
            case "prv_estimate" | "pld_add_or_remove":
                assert math.isclose(answer.epsilon_estimate, theirs, rel_tol=5e-4), row
            case other:
                pytest.fail(f"unknown accountant {other}")


@pytest.mark.parametrize("accountant", ["prv", "rdp"])
@pytest.mark.parametrize("neighbour", ["add_remove", "replace_one"])
def test_epsilon_is_the_commands(command, accountant, neighbour):
    answer = rhea.epsilon(noise_multiplier=1.82, accountant=accountant, neighbour=neighbour, **RUN)
    said = command(
        "privacy", "epsilon", "--json", "--noise-multiplier", 1.82, "--sample-rate", RUN["sample_rate"],
        "--steps", RUN["steps"], "--delta", RUN["delta"],
        "--accountant", accountant, "--neighbour", neighbour,
    )
    for name, value in json.loads(said).items():
        assert getattr(answer, name) == value, name
    assert float(answer) == answer.epsilon
    assert str(answer).startswith("epsilon ")


@pytest.mark.parametrize(
    "target",
    [
        {"epsilon": 5.0},
        {"max_tpr": 0.05, "at_fpr": 0.01},
        {"max_reconstruction": 0.2, "blind": 0.05},
    ],
    ids=lambda target: next(iter(target)),
)
def test_noise_is_the_commands(command, target):
    answer = rhea.noise(**target, **RUN)
    words = [word for name, value in target.items() for word in (f"--{name.replace('_', '-')}", value)]
    said = json.loads(
        command(
            "privacy", "noise", "--json", *words, "--sample-rate", RUN["sample_rate"],
            "--steps", RUN["steps"], "--delta", RUN["delta"],
        )
    )
    assert answer.noise_multiplier == said["noise_multiplier"]
    assert answer.epsilon == said["epsilon"]
    if "epsilon" in target:
        assert answer.target_epsilon == 5.0 and answer.risk_bound is None
        assert answer.epsilon <= 5.0
    else:
        assert answer.risk_bound == said["risk"]["bound"] <= next(iter(target.values()))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"delta": 0.0}, "delta"),
        ({"sample_rate": 1.5}, "sample rate"),
        ({"noise_multiplier": float("nan")}, "noise multiplier"),
        ({"steps": 0}, "steps"),
        ({"accountant": "renyi"}, "unknown accountant `renyi`\nhint: use one of "),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_mend(words, said):
    with pytest.raises(ValueError) as error:
        rhea.epsilon(**{"noise_multiplier": 1.0, **RUN, **words})
    assert said in str(error.value) and "hint: " in str(error.value)


@pytest.mark.parametrize(
    "target",
    [
        {},
        {"epsilon": 5.0, "max_tpr": 0.05, "at_fpr": 0.01},
        {"max_tpr": 0.05},
        {"max_tpr": 0.05, "blind": 0.01},
        {"epsilon": 5.0, "blind": 0.05},
    ],
)
def test_noise_is_for_one_target(target):
    with pytest.raises(ValueError, match="noise is found for one thing\nhint: "):
        rhea.noise(**target, **RUN)


def test_the_message_is_the_commands(command):
    said = command(
        "privacy", "epsilon", "--noise-multiplier", 1, "--sample-rate", 2, "--steps", 1, "--delta", 1e-5,
        code=2,
    )
    with pytest.raises(ValueError) as error:
        rhea.epsilon(noise_multiplier=1, sample_rate=2, steps=1, delta=1e-5)
    assert said == f"error: {error.value}\n"
