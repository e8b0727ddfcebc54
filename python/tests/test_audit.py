"""An audit of one head, against the command's."""

import json

import numpy as np
import pytest
import rhea

CONFIG = {
    "name": "small",
    "seed": 7,
    "data": {
        "source": {"strokes": {"classes": "letters", "images": 520}},
        "target": {"strokes": {"classes": "digits", "images": 1500}},
    },
    "backbone": {"vgg_tiny": {"width": 2, "features": 32, "epochs": 1}},
    "victims": 60,
    "nulls": 1000,
    "shots": 1,
    "attack": {"unmixing": {"samples": 1000}},
    "epsilon": 5,
    "private": {"strokes": {"classes": "digits", "images": 10}},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audit")
    (folder / "small.yaml").write_text(json.dumps(CONFIG))
    return folder


@pytest.fixture(scope="module")
def demonstration(folder):
    """Of a head that is trained on `private`."""
    return rhea.audit(CONFIG, out=folder / "first", cache=folder / "cache")


def tensors(path):
    """The file's tensors; safetensors is a header of JSON and the bytes behind it."""
    content = path.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(content[end:][slice(*it["data_offsets"])], "<f4").reshape(it["shape"])
        for name, it in header.items()
    }


def test_it_says_what_the_command_says(command, folder, demonstration):
    said = command(
        "audit", "small.yaml", "--out", "second", "--cache", "cache", "--quiet", cwd=folder
    )
    assert said == f"{demonstration}\n"
    first, second = (json.loads((folder / it / "audit.json").read_text()) for it in ("first", "second"))
    # The commit that the two were built at may be another.
    assert first.pop("commit").split("+")[0] == second.pop("commit").split("+")[0]
    assert first == second
    assert (folder / "first/report.html").is_file() and demonstration.folder == folder / "first"
    verdict = first["verdict"]
    assert (demonstration.level, demonstration.sentence) == (verdict["level"], verdict["sentence"])
    assert (demonstration.reasons, demonstration.measured) == (verdict["reasons"], verdict["measured"])
    assert demonstration.failed == 0 and demonstration.passes is None
    assert demonstration.tau == first["tau"]


def test_arrays_are_what_the_report_was_made_of(folder, demonstration):
    written = json.loads((folder / "first/audit.json").read_text())["records"]
    records = demonstration.records
    assert len(written) == 10
    for name in ("record", "class", "error", "p", "p_adjusted", "membership", "read_back", "recognised"):
        assert records[name].tolist() == [it[name] for it in written], name
    originals, reconstructions = demonstration.originals, demonstration.reconstructions
    assert originals.dtype == reconstructions.dtype == np.float32
    assert originals.shape[0] == 10 and originals.shape[1:] == reconstructions.shape[1:]
    assert np.abs(originals).max() <= 1
    distance = originals - reconstructions[records["target"]]
    errors = (distance.astype(float) ** 2).mean(axis=(1, 2, 3))
    assert np.allclose(errors, records["error"], rtol=1e-5)


def test_a_head_at_hand_is_the_head_in_its_file(folder, demonstration):
    path = folder / "first/head.safetensors"
    options = {"out": folder / "given", "cache": folder / "cache"}
    by_file = rhea.audit(folder / "small.yaml", path, **options)
    by_arrays = rhea.audit(CONFIG, tensors(path), **options)
    assert "in memory: " in str(by_arrays)
    assert str(by_file).split(": ", 1)[1] == str(by_arrays).split(": ", 1)[1]
    for audit in (by_file, by_arrays):
        assert (audit.originals == demonstration.originals).all()
        assert (audit.reconstructions == demonstration.reconstructions).all()
        assert audit.records["error"].tolist() == demonstration.records["error"].tolist()


def test_the_gate(folder, demonstration):
    audits = [
        rhea.audit(CONFIG, max_tpr=limit, out=folder / "gate", cache=folder / "cache")
        for limit in (1e-6, 1.0)
    ]
    assert [audit.measured for audit in audits] == [demonstration.measured] * 2
    assert audits[0].passes is False
    assert isinstance(audits[1].passes, bool)


@pytest.mark.parametrize(
    ("change", "options", "error", "said"),
    [
        ({"shots": 0}, {}, ValueError, "config:1:"),
        ({"shotz": 1}, {}, ValueError, "`shotz`"),
        ({"victims": float("nan")}, {}, ValueError, "JSON"),
        ({}, {"max_tpr": 1.5}, ValueError, "--max-tpr: found 1.5"),
        ({}, {"classes": [0, 1]}, ValueError, "hint: give `head` too"),
        ({}, {"overrides": ["shots"]}, ValueError, "shots"),
        ({}, {"head": {"weight": np.zeros((10, 3))}}, rhea.DataError, "it takes 3 features"),
        ({}, {"head": {"weight": np.zeros((10, 32, 1))}}, rhea.DataError, "shape"),
        ({}, {"head": "missing.safetensors"}, rhea.DataError, "cannot read the head missing"),
        ({}, {"head": {"weight": np.zeros((10, 32))}, "classes": [0]}, ValueError, "--classes"),
    ],
)
def test_what_cannot_be_audited_is_refused(folder, demonstration, change, options, error, said):
    with pytest.raises(error) as raised:
        rhea.audit({**CONFIG, **change}, out=folder / "no", cache=folder / "cache", **options)
    assert said in str(raised.value)


def test_an_experiment_is_no_audit(folder):
    sweep = {name: CONFIG[name] for name in ("name", "data", "backbone", "victims")}
    sweep["sweep"] = {"shots": 1, "attack": "unmixing"}
    with pytest.raises(ValueError, match="config: an experiment, not an audit\nhint: "):
        rhea.audit(sweep, out=folder / "no", cache=folder / "cache")
    with pytest.raises(ValueError, match="missing.yaml"):
        rhea.audit(folder / "missing.yaml")
