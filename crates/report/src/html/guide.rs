//! What the words and columns on the page mean.

/// Words of the page, with their meaning.
pub(super) const WORDS: [(&str, &str); 15] = [
    ("shots", "training examples a class; n of them in all"),
    (
        "victim",
        "a head trained on a private few-shot set that the adversary does not have; the unit of every interval",
    ),
    (
        "release",
        "what the adversary sees: weights, scores, labels or ciphertexts; known_secret is ciphertexts with their key, a control of the attacks and no release",
    ),
    (
        "defence",
        "undefended, DP-SGD (clipped and noised training), one private release (noised class sums, least squares or regression) or RHE (the head's weights are encrypted)",
    ),
    (
        "ε",
        "the privacy loss that is claimed: add/remove, of a training set with an example and without (the one that is usually quoted); replace one, of a set with an example and with another in its place, at the same noise. Bounds, audits and the null replace one speak of the second",
    ),
    (
        "null",
        "what the attack is compared with: a head trained on another set (independent), weights drawn from the shadow heads' mean and covariance (gaussian), or the same set with the target replaced (replace one)",
    ),
    (
        "TPR at 1 % FPR",
        "share of victims' classes called reconstructed at a threshold that calls 1 % of the null so: an attack that learns nothing has 1 %",
    ),
    (
        "FPR realised",
        "share of the null that the threshold in fact calls, at most the one asked for",
    ),
    (
        "AUC",
        "probability that a victim's reconstruction is better than a null's; .5 is chance",
    ),
    (
        "MSE",
        "smallest mean squared error between the reconstruction and the class's training images, pixels in [-1, 1]",
    ),
    (
        "success at τ",
        "share of reconstructions whose MSE is at most τ, the error of a nearest-neighbour guess",
    ),
    (
        "bound on it, bound on success",
        "the most that the mechanism allows any attack at 1 % false positives, and as success at τ; empty beside a null of which it says nothing",
    ),
    (
        "blind",
        "success at τ of the best guess that was found without the target's head",
    ),
    (
        "ε lower bound",
        "the privacy loss, of replacing an example, that the attack's counts prove at their confidence",
    ),
    (
        "[lo, hi]",
        "95 % interval over victims; of rates also over the null that sets the threshold, and of attacks that read images back over the images that victims share",
    ),
];

/// What stands above the table of the strongest attacks.
pub(super) const STRONGEST: &str = "For each number of shots and each defence, the strongest attack among those that were run: chosen, by AUC and true positive rate both, on one half of the victims, with its rate on the other half, since the highest of several rates is too high by chance (by the rate of all victims where the null of half of them does not resolve 1 %). Read it so: a good defence keeps the accuracy of the undefended head and brings the rate down to 1 %, that of a guess.";

/// What stands above the table of all cells.
pub(super) const CELLS: &str = "One row a cell of the sweep, as in results.csv, which holds more columns. Empty means undefined for that cell, not zero.";

/// What stands above the table of attacks on the same victims.
pub(super) const PAIRS: &str = "Attacks on the same victims, each read against the same kind of null: its reconstructions of a victim beside other victims' images. Rates can differ from those of all cells, whose null is the one named there. The interval is of the difference, over victims and images drawn again for both at once: where it holds 0, neither is shown to read more.";

/// What stands above the table of classes.
pub(super) const CLASSES: &str = "True positive rate at 1 % false positives of each class, at a threshold of its own, with its interval over victims and images. In the cells of all classes together, thresholds are relative to the class.";

/// What stands above the failures.
pub(super) const FAILURES: &str = "These cells stopped with an error. They are missing from the figures and from the other tables' rates; nothing was put in their place.";

/// What stands above the timings.
pub(super) const TIMINGS: &str = "Wall-clock time of the stages on the machine that ran them. Stages that came out of the cache were not run again.";

/// What stands above the comparison of encrypted inputs with an encrypted head.
pub(super) const BOTH_WAYS: &str = "One task protected in both directions. CryptoTL encrypts the inputs and leaves the tuned network in the clear at the client; RHE encrypts the head and leaves the inputs in the clear. They keep different things from different people: neither replaces the other. The attack asks of the tuned classifier whether a text was among its training examples.";
