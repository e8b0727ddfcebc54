"""May a trained head be released, what does DP-SGD spend, and heads under reverse homomorphic encryption."""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypeAlias, final

from numpy import bool_, float32, float64, int64
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Audit",
    "audit",
    "DataError",
    "RheaError",
    "PrivacyAnswer",
    "epsilon",
    "noise",
    "EncryptedResults",
    "EvaluationKeys",
    "ProtectedHead",
    "SecretKey",
    "classify",
    "keygen",
    "protect",
    "reveal",
    "reveal_logits",
]

_Path: TypeAlias = str | PathLike[str]
_Head: TypeAlias = _Path | Mapping[str, ArrayLike]
_Accountant: TypeAlias = Literal["prv", "rdp"]
_Neighbour: TypeAlias = Literal["add_remove", "replace_one"]
_Activation: TypeAlias = Literal["relu", "square"]

class RheaError(Exception):
    """Something cannot be done. Wrong arguments are a ``ValueError`` instead."""

class DataError(RheaError):
    """Data, a head or a file is missing, damaged or refused."""

@final
class PrivacyAnswer:
    """Everything that was asked and answered. ``float()`` of it is ``epsilon``."""

    @property
    def accountant(self) -> str: ...
    @property
    def neighbour(self) -> str: ...
    @property
    def noise_multiplier(self) -> float: ...
    @property
    def sample_rate(self) -> float: ...
    @property
    def steps(self) -> int: ...
    @property
    def delta(self) -> float: ...
    @property
    def target_epsilon(self) -> float | None:
        """The epsilon that noise was found for."""
    @property
    def risk_bound(self) -> float | None:
        """What the noise leaves to any attack, where it was found for a risk."""
    @property
    def epsilon(self) -> float:
        """The epsilon to claim under ``neighbour``: an upper bound."""
    @property
    def epsilon_estimate(self) -> float | None: ...
    @property
    def epsilon_lower(self) -> float | None: ...
    @property
    def order(self) -> float | None:
        """The Rényi order that gave the bound."""
    @property
    def epsilon_add_remove(self) -> float: ...
    @property
    def epsilon_replace_one(self) -> float: ...
    @property
    def sentence(self) -> str: ...
    def __float__(self) -> float: ...

def epsilon(
    *,
    noise_multiplier: float,
    sample_rate: float,
    steps: int,
    delta: float,
    accountant: _Accountant | None = None,
    neighbour: _Neighbour | None = None,
) -> PrivacyAnswer:
    """The epsilon that steps of the Poisson-subsampled Gaussian mechanism spend.

    ``noise_multiplier`` is the noise's standard deviation over the clipping norm; ``sample_rate`` the
    probability with which a step takes an example, 1 for full batches.
    """

def noise(
    *,
    sample_rate: float,
    steps: int,
    delta: float,
    epsilon: float | None = None,
    max_tpr: float | None = None,
    at_fpr: float | None = None,
    max_reconstruction: float | None = None,
    blind: float | None = None,
    accountant: _Accountant | None = None,
    neighbour: _Neighbour | None = None,
) -> PrivacyAnswer:
    """The least noise that keeps to one of three targets.

    ``epsilon``; or ``max_tpr``, a true positive rate that no membership attack exceeds at the false
    positive rate ``at_fpr``; or ``max_reconstruction``, a rate that no attack exceeds in reconstructing
    an example which a blind guess reconstructs at the rate ``blind``.
    """

@final
class Audit:
    """What was found of a head."""

    @property
    def level(self) -> Literal["leaks", "undecided", "nothing_found"]: ...
    @property
    def sentence(self) -> str: ...
    @property
    def reasons(self) -> list[str]: ...
    @property
    def measured(self) -> float:
        """What is held against ``max_tpr``: the larger of two shares.

        The upper end of the true positive rate that heads trained this way have at 1 % false positives,
        and the share of this head's records that stand out.
        """
    @property
    def passes(self) -> bool | None:
        """Whether it is let pass; ``None`` without ``max_tpr``."""
    @property
    def failed(self) -> int:
        """Kinds of heads like it that could not be measured."""
    @property
    def folder(self) -> Path:
        """Where ``report.html``, ``audit.json`` and the tables are."""
    @property
    def records(self) -> dict[str, NDArray[int64] | NDArray[float64] | NDArray[bool_]]:
        """The owner's records, those most at risk first, as ``pandas.DataFrame`` takes them.

        ``record`` and ``class`` count from 0, ``target`` is the row of ``reconstructions`` that it is
        held against; ``error`` and ``error_null`` are mean squared errors of pixels in [-1, 1]; ``p`` is
        the share of heads that never saw it which come as near. Empty without ``private``.
        """
    @property
    def originals(self) -> NDArray[float32]:
        """The records' images: records x channels x height x width, in [-1, 1]."""
    @property
    def reconstructions(self) -> NDArray[float32]:
        """What the attack gives: targets x channels x height x width, in [-1, 1]."""
    @property
    def tau(self) -> float:
        """The error at or under which a reconstruction counts as read back."""

def audit(
    config: _Path | Mapping[str, Any],
    head: _Head | None = None,
    *,
    max_tpr: float | None = None,
    classes: Sequence[int] | None = None,
    activation: _Activation | None = None,
    layers: Sequence[str] | None = None,
    overrides: Sequence[str] | None = None,
    out: _Path | None = None,
    results: _Path | None = None,
    cache: _Path | None = None,
    data: _Path | None = None,
    quiet: bool = True,
) -> Audit:
    """Attacks one trained head, and heads like it beside it: may it be released?

    ``config`` is a file or a mapping with the same keys. ``head`` is a file, or arrays named as in a
    state dict: ``{"weight": K x d, "bias": K}``; without it a demonstration head is trained on
    ``private``. ``classes`` says which class of the data each output stands for, ``activation`` and
    ``layers`` what the head does not say of itself, ``overrides`` are ``key.path=value``. The report is
    written to ``out``, or to a folder under ``results``; finished stages are kept in ``cache``, so that
    the next audit of a head like it takes seconds.

    Ctrl-C is heard when the audit is over.
    """

@final
class SecretKey:
    """The owner's secret key, in a file with the count of its uses beside it."""

    @staticmethod
    def load(path: _Path) -> SecretKey: ...
    @property
    def id(self) -> str: ...
    @property
    def path(self) -> Path: ...
    @property
    def quota(self) -> int | None:
        """Images that may ever be revealed with it."""
    @property
    def revealed(self) -> int: ...
    @property
    def refused(self) -> int: ...

@final
class EvaluationKeys:
    """What it takes to classify with a hidden layer of ReLU, or to decide under encryption. No secret."""

    @staticmethod
    def load(path: _Path) -> EvaluationKeys: ...

@final
class ProtectedHead:
    """A head whose weights are encrypted. Useless without its key, except to classify."""

    @staticmethod
    def load(path: _Path) -> ProtectedHead: ...
    @staticmethod
    def from_bytes(content: bytes) -> ProtectedHead: ...
    def save(self, path: _Path) -> None: ...
    def to_bytes(self) -> bytes: ...
    @property
    def features(self) -> int: ...
    @property
    def hides_features(self) -> bool:
        """Whether its results hide the features from the key's owner."""
    @property
    def key_id(self) -> str: ...

@final
class EncryptedResults:
    """Encrypted logits or classes, one an image."""

    @staticmethod
    def load(path: _Path) -> EncryptedResults: ...
    @staticmethod
    def from_bytes(content: bytes) -> EncryptedResults: ...
    def save(self, path: _Path) -> None: ...
    def to_bytes(self) -> bytes: ...
    def __len__(self) -> int: ...

def keygen(
    path: _Path, *, quota: int | None = None, evaluation_key: _Path | None = None
) -> SecretKey:
    """Makes a key in a new file, readable by its owner only, and begins the count beside it.

    ``quota`` is how many images may ever be revealed with it: who sees the classes of enough images of
    their choice has the head, encrypted or not.
    """

def protect(
    head: _Head,
    key: SecretKey,
    *,
    calibration: ArrayLike | None = None,
    weight_bits: int | None = None,
    feature_bits: int | None = None,
    scheme: Literal["lattice", "pad"] | None = None,
    private: bool = False,
    decision: bool = False,
    activation: _Activation | None = None,
    layers: Sequence[str] | None = None,
) -> ProtectedHead:
    """Encrypts a trained head, so that it can be given away.

    ``calibration`` are public features (rows x d) like those that will be classified. ``private`` makes
    results that hide the features from the key's owner, ``decision`` lets who classifies find the class
    under encryption; both are for owners who trust the classifier.
    """

def classify(
    head: ProtectedHead,
    features: ArrayLike,
    *,
    evaluation_key: EvaluationKeys | None = None,
    decision: bool = False,
) -> EncryptedResults:
    """Classifies features (rows x d) with an encrypted head. Needs no key."""

def reveal(
    results: EncryptedResults, key: SecretKey, *, trusted_classifier: bool = False
) -> NDArray[int64]:
    """The class of each image, counted against the key's quota.

    Of a linear head, results are opened only if an honest classification made them. Others are not
    authenticated: ``trusted_classifier`` says that who classified is trusted. An image of a decision
    among three or more classes that are too close to be ordered is -1.
    """

def reveal_logits(
    results: EncryptedResults, key: SecretKey, *, trusted_classifier: bool = False
) -> NDArray[float64]:
    """The logits (images x classes), for the key's owner alone.

    Whoever has them for inputs of their choice can read the head.
    """
