"""The life of a protected head, against the classes in the clear and against the command."""

import threading
import time
import warnings

import numpy as np
import pytest
import rhea


@pytest.fixture
def key(tmp_path):
    return rhea.keygen(tmp_path / "owner.key")


KINDS = {
    "lattice": {},
    "pad": {"scheme": "pad"},
    "calibrated": {"calibration": True},
    "private": {"private": True, "calibration": True},
}


@pytest.mark.parametrize("kind", KINDS)
def test_revealed_classes_are_those_in_the_clear(head, key, kind):
    how = dict(KINDS[kind])
    if how.pop("calibration", False):
        how["calibration"] = head.public
    protected = rhea.protect(head.state, key, **how)
    assert protected.features == head.features.shape[1] and protected.key_id == key.id
    assert protected.hides_features == (kind == "private")
    results = rhea.classify(protected, head.features)
    assert len(results) == len(head.features)
    with warnings.catch_warnings():
        # Of 500 images some are near a tie; they are told.
        warnings.simplefilter("ignore")
        classes = rhea.reveal(results, key, trusted_classifier=kind == "private")
        logits = rhea.reveal_logits(results, key, trusted_classifier=kind == "private")
    assert classes.dtype == np.int64 and classes.shape == (500,)
    assert logits.dtype == np.float64 and logits.shape == (500, 10)
    # Where rounding changes the class two logits are almost the same.
    ordered = np.sort(head.logits, axis=1)
    apart = ordered[:, -1] - ordered[:, -2] > 0.05
    assert apart.mean() > 0.9
    assert (classes == head.classes)[apart].all()
    assert np.abs(logits - head.logits).max() < 0.05
    assert key.revealed == 1000


def test_hidden_layers(tmp_path):
    """x1 >= 0: relu(x1, -x1) and its difference, with squares their sum."""
    key = rhea.keygen(tmp_path / "owner.key", evaluation_key=tmp_path / "eval.key")
    rows = np.array([[2.0, 0.0], [-2.0, 0.0]], dtype=np.float32)
    state = {
        "0.weight": [[1.0, 0.0], [-1.0, 0.0]],
        "0.bias": [0.0, 0.0],
        "2.weight": [[1.0, 0.0], [0.0, 1.0]],
        "2.bias": [0.0, 0.0],
    }
    keys = rhea.EvaluationKeys.load(tmp_path / "eval.key")
    protected = rhea.protect(state, key, activation="relu", calibration=rows)
    with pytest.raises(ValueError, match="a hidden layer with ReLU takes them"):
        rhea.classify(protected, rows)
    results = rhea.classify(protected, rows, evaluation_key=keys)
    with pytest.raises(ValueError, match="reads the secret key"):
        rhea.reveal(results, key)
    assert rhea.reveal(results, key, trusted_classifier=True).tolist() == [0, 1]
    decisions = rhea.classify(protected, rows, evaluation_key=keys, decision=True)
    assert rhea.reveal(decisions, key, trusted_classifier=True).tolist() == [0, 1]
    with pytest.raises(ValueError, match="holds the class alone"):
        rhea.reveal_logits(decisions, key, trusted_classifier=True)

    state["2.weight"] = [[1.0, 0.0], [1.0, 1.0]]
    squares = rhea.protect(state, key, activation="square", calibration=rows)
    results = rhea.classify(squares, rows)
    logits = rhea.reveal_logits(results, key, trusted_classifier=True)
    assert np.allclose(logits, [[4, 8], [4, 8]], atol=0.01)
    for how in ({"private": True}, {"scheme": "pad"}):
        with pytest.raises(ValueError, match="for linear heads"):
            rhea.protect(state, key, activation="square", calibration=rows, **how)
    with pytest.raises(ValueError, match="activation"):
        rhea.protect(state, key)


def test_files_are_the_commands(command, head, key, tmp_path):
    np.save(tmp_path / "x.npy", head.features)
    np.save(tmp_path / "coef.npy", head.weight)
    np.save(tmp_path / "intercept.npy", head.bias)
    ours = rhea.protect(tmp_path / "coef.npy", key)
    ours.save(tmp_path / "ours.rhe")
    command("rhe", "classify", "--head", "ours.rhe", "--features", "x.npy", "--out", "a.rhe", cwd=tmp_path)
    theirs = rhea.EncryptedResults.load(tmp_path / "a.rhe")
    # Classifying is deterministic: the same head and features, the same bytes.
    mine = rhea.classify(rhea.ProtectedHead.load(tmp_path / "ours.rhe"), head.features)
    assert theirs.to_bytes() == mine.to_bytes()
    mine.save(tmp_path / "mine.rhe")
    said = command("rhe", "reveal", "mine.rhe", "--key", "owner.key", cwd=tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert [int(line) for line in said.split()] == rhea.reveal(theirs, key).tolist()
    assert rhea.SecretKey.load(tmp_path / "owner.key").revealed == 1000


def test_the_quota_holds_across_both(command, head, tmp_path):
    key = rhea.keygen(tmp_path / "owner.key", quota=10)
    protected = rhea.protect(head.state, key)
    assert key.quota == 10
    rhea.reveal(rhea.classify(protected, head.features[:6]), key)
    rhea.classify(protected, head.features[:5]).save(tmp_path / "five.rhe")
    said = command("rhe", "reveal", "five.rhe", "--key", "owner.key", code=4, cwd=tmp_path)
    with pytest.raises(rhea.DataError) as error:
        rhea.reveal(rhea.classify(protected, head.features[:5]), key)
    assert said == f"error: {error.value}\n" and "4 are left of the 10" in said
    assert key.revealed == 6
    with pytest.raises(ValueError, match="never overwritten"):
        rhea.keygen(tmp_path / "owner.key")


def test_what_was_altered_is_refused_and_counted(head, key):
    results = rhea.classify(rhea.protect(head.state, key), head.features[:3])
    content = results.to_bytes()
    assert rhea.EncryptedResults.from_bytes(content).to_bytes() == content
    for at in range(0, len(content), 97):
        altered = bytearray(content)
        altered[at] ^= 1
        with pytest.raises(rhea.DataError):
            rhea.reveal(rhea.EncryptedResults.from_bytes(bytes(altered)), key)
    assert key.refused == 0, "what no longer reads is not put to the key"
    other = rhea.keygen(key.path.with_name("other.key"))
    with pytest.raises(rhea.DataError, match="refused"):
        rhea.reveal(results, other)
    assert (other.refused, other.revealed, key.revealed) == (1, 0, 0)
    # A copied key has no count, and without one it reveals nothing.
    copy = key.path.with_name("copy.key")
    copy.write_bytes(key.path.read_bytes())
    with pytest.raises(rhea.DataError, match="without it a key reveals nothing"):
        rhea.reveal(results, rhea.SecretKey.load(copy))


def spoilt(state, name, value):
    changed = {name: np.array(values) for name, values in state.items()}
    changed[name].flat[3] = value
    return changed


# NumPy says by itself where a number is beyond single precision.
@pytest.mark.filterwarnings("ignore:overflow")
def test_wrong_arrays_are_named(head, key):
    protected = rhea.protect(head.state, key)
    with pytest.raises(ValueError, match="features has 63 columns, the head takes 64 features\nhint: "):
        rhea.classify(protected, head.features[:, 1:])
    for value in (np.nan, np.inf, 1e39):
        rows = head.features.astype(float)
        rows[2, 5] = value
        with pytest.raises(rhea.DataError, match="image 2: feature 5 is "):
            rhea.classify(protected, rows)
    with pytest.raises(rhea.DataError, match="there are none"):
        rhea.classify(protected, head.features[:0])
    for rows in (head.features[0], head.features[None], "features", [["a", "b"]]):
        with pytest.raises((TypeError, ValueError)):
            rhea.classify(protected, rows)
    with pytest.raises(rhea.DataError, match=r"in memory: `weight`\[0, 3\] is NaN"):
        rhea.protect(spoilt(head.state, "weight", np.nan), key)
    with pytest.raises(rhea.DataError, match="beyond single precision"):
        rhea.protect({**head.state, "bias": head.bias.astype(float) * 1e300}, key)
    with pytest.raises(rhea.DataError, match="`norm.weight` would be left out"):
        rhea.protect({**head.state, "norm.weight": head.bias}, key)
    with pytest.raises(rhea.DataError, match=r"`bias` has shape \[9\]"):
        rhea.protect({**head.state, "bias": head.bias[1:]}, key)
    with pytest.raises(ValueError, match="`weight` is no array of numbers"):
        rhea.protect({"weight": [["a"]]}, key)
    with pytest.raises(rhea.DataError, match="no tensor"):
        rhea.protect({}, key)
    with pytest.raises(ValueError, match="unknown scheme `rsa`\nhint: use one of lattice, pad"):
        rhea.protect(head.state, key, scheme="rsa")
    with pytest.raises(ValueError, match="fixed beforehand"):
        rhea.protect(head.state, key, private=True)
    with pytest.raises(ValueError, match="each is another kind of head"):
        rhea.protect(head.state, key, private=True, decision=True, calibration=head.public)
    with pytest.raises(ValueError, match="weight"):
        rhea.protect(head.state, key, weight_bits=99)
    with pytest.raises(rhea.DataError):
        rhea.SecretKey.load(key.path.with_name("missing.key"))


def test_any_memory_order_and_any_kind_of_number(head, key):
    protected = rhea.protect(
        {"weight": np.asfortranarray(head.weight), "bias": head.bias.tolist()}, key
    )
    expected = rhea.classify(protected, head.features).to_bytes()
    forms = [
        np.asfortranarray(head.features),
        head.features.astype(np.float64),
        head.features.tolist(),
        np.repeat(head.features, 2, axis=0)[::2],
    ]
    for rows in forms:
        assert rhea.classify(protected, rows).to_bytes() == expected


def test_a_class_within_rounding_is_warned_of_and_most_of_them_are_an_error(key):
    ties = rhea.protect({"weight": [[1.0, 0.0], [0.0, 1.0]], "bias": [0.0, 0.0]}, key)
    one = rhea.classify(ties, [[1.0, 1.0], [3.0, 0.0], [0.0, 3.0]])
    with pytest.warns(UserWarning, match=r"in 1 of 3 images \(the first is image 0\)"):
        rhea.reveal(one, key)
    all_of_them = rhea.classify(ties, [[1.0, 1.0]])
    with pytest.raises(rhea.DataError, match="in 1 of 1 images"):
        rhea.reveal(all_of_them, key)


def test_others_run_while_it_computes():
    """Without the interpreter's lock: another thread gets on while an answer is sought."""
    began, ended = threading.Event(), threading.Event()

    def work():
        began.set()
        rhea.noise(epsilon=1.0, sample_rate=0.01, steps=20_000, delta=1e-6)
        ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    began.wait()
    turns = 0
    while not ended.is_set():
        time.sleep(0.001)
        turns += 1
    thread.join()
    # A thread that held the lock would let another have a turn or two.
    assert turns > 10
