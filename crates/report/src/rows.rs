//! The typed rows of a run. Tables, figures and the page are made of these and nothing else.

use crate::row::row;

row! {
    /// One cell of a sweep: one row of `results.csv`. What is undefined is `None`, an empty cell.
    "results" => ResultRow {
        /// Name of the experiment.
        experiment: String,
        /// What the victims learn from.
        dataset: String,
        /// The frozen public network.
        backbone: String,
        /// Shape of the head, for example `linear`.
        head: String,
        /// Training examples per class.
        shots: u64,
        /// Size of a training set.
        n: u64,
        /// `none`, `dp_sgd`, `one_release` or `rhe`.
        defence: String,
        /// Claimed ε of a private head, under adding or removing an example.
        epsilon: Option<f64>,
        /// δ of both ε.
        delta: Option<f64>,
        /// Noise standard deviation as a multiple of the clipping norm.
        noise_multiplier: Option<f64>,
        /// Clipping norm.
        clip: Option<f64>,
        /// What the adversary sees: `weights`, `scores`, `labels`, `ciphertexts`, or as a control
        /// `known_secret`.
        release: String,
        /// The attack's name; empty where nothing attacks.
        attack: String,
        /// The null hypothesis: `independent`, `gaussian` or `replace_one`.
        null: String,
        /// Number of victims.
        victims: Option<u64>,
        /// Victims' mean test accuracy.
        accuracy: Option<f64>,
        /// Lower end of its interval.
        accuracy_lo: Option<f64>,
        /// Upper end of its interval.
        accuracy_hi: Option<f64>,
        /// TPR at a false positive rate of .1 %.
        tpr_at_fpr_0_1pct: Option<f64>,
        /// TPR at a false positive rate of 1 %.
        tpr_at_fpr_1pct: Option<f64>,
        /// Lower end of its interval. Intervals of rates and of the AUC draw victims and null again, and
        /// of attacks that read images back also the private images that several victims share.
        tpr_at_fpr_1pct_lo: Option<f64>,
        /// Upper end of its interval.
        tpr_at_fpr_1pct_hi: Option<f64>,
        /// TPR at a false positive rate of 10 %.
        tpr_at_fpr_10pct: Option<f64>,
        /// FPR realised at the 1 % threshold.
        fpr_realised: Option<f64>,
        /// Area under the ROC curve.
        auc: Option<f64>,
        /// Mean min-MSE of the reconstructions.
        mse: Option<f64>,
        /// The same under the null.
        mse_null: Option<f64>,
        /// Share of reconstructions with a min-MSE of at most τ.
        success_at_tau: Option<f64>,
        /// Lower bound on `epsilon_replace_one` from the attack's counts; empty beside a null whose
        /// training set differs in more than one example.
        epsilon_lower_bound: Option<f64>,
        /// Queries put to the victim.
        queries: Option<u64>,
        /// Seed of the experiment.
        seed: u64,
        /// Hash of the resolved config.
        config_hash: String,
        /// Commit of the code.
        commit: String,
        /// Lower end of the interval at .1 %.
        tpr_at_fpr_0_1pct_lo: Option<f64>,
        /// Upper end of the interval at .1 %.
        tpr_at_fpr_0_1pct_hi: Option<f64>,
        /// Lower end of the interval at 10 %.
        tpr_at_fpr_10pct_lo: Option<f64>,
        /// Upper end of the interval at 10 %.
        tpr_at_fpr_10pct_hi: Option<f64>,
        /// Lower end of the AUC's interval.
        auc_lo: Option<f64>,
        /// Upper end of the AUC's interval.
        auc_hi: Option<f64>,
        /// The most that the mechanism allows any attack as TPR at a false positive rate of 1 % where
        /// an example is replaced; empty beside a null of which that says nothing.
        tpr_bound_at_fpr_1pct: Option<f64>,
        /// Scores of the null behind the thresholds.
        null_scores: Option<u64>,
        /// The success threshold τ.
        tau: Option<f64>,
        /// Share of the null's scores at most τ.
        success_at_tau_null: Option<f64>,
        /// Peak signal-to-noise ratio of the mean min-MSE, in dB.
        psnr: Option<f64>,
        /// Mean structural similarity of the reconstructions.
        ssim: Option<f64>,
        /// Share of test labels on which the released or extracted head agrees with the true one.
        label_agreement: Option<f64>,
        /// Cosine of the extracted head to the true one.
        cosine: Option<f64>,
        /// Shadow heads the attack learned from.
        samples: Option<u64>,
        /// Learning rate of the head.
        learning_rate: Option<f64>,
        /// Training steps of the head.
        steps: Option<u64>,
        /// Sampling of DP-SGD, for example `poisson(0.5)`.
        sampling: String,
        /// What tuning on public data chose; empty where nothing was tuned.
        tuned: String,
        /// F1 of class 1 of a binary task, mean over repetitions.
        f1: Option<f64>,
        /// Cohen's κ, likewise.
        kappa: Option<f64>,
        /// Accuracy of logistic regression on the plain inputs and the same examples.
        baseline_accuracy: Option<f64>,
        /// What sets the cell apart from the experiment's other cells beside the columns above:
        /// recipe, what the adversary assumes, options of the attack.
        setting: Option<String>,
        /// `sgd` or `adam`.
        optimiser: Option<String>,
        /// Standard deviation of the head's initial weights.
        init_std: Option<f64>,
        /// Weight decay of the head.
        weight_decay: Option<f64>,
        /// Optimisation steps of the attack.
        attack_steps: Option<u64>,
        /// Share of test labels on which the victims under encryption, revealed, agree with themselves
        /// in the clear: over all victims.
        encrypted_agreement: Option<f64>,
        /// ε of the same mechanism at the same δ under replacing an example by another: of sets with as
        /// many examples of each class these are the only neighbours.
        epsilon_replace_one: Option<f64>,
        /// κ: share of target images within τ of the best guess that was found without the target's
        /// head: the attack's on the null, or one image a class from public data.
        success_at_tau_blind: Option<f64>,
        /// γ: the most that the mechanism allows any attack as `success_at_tau` where a blind guess
        /// succeeds as often as the upper end of κ's interval: 1 − f(κ) (null `replace_one`).
        success_bound_at_tau: Option<f64>,
        /// How strong the attack is on the first half of the victims: the larger of the distances μ of two
        /// normals that its AUC and its TPR at a false positive rate of 1 % amount to. Of several
        /// attacks on the same heads the strongest is chosen by it.
        strength_first_half: Option<f64>,
        /// TPR at a false positive rate of 1 % on the second half of the victims, which chose nothing:
        /// what is said of an attack that was chosen.
        tpr_second_half: Option<f64>,
        /// Lower end of its interval.
        tpr_second_half_lo: Option<f64>,
        /// Upper end of its interval.
        tpr_second_half_hi: Option<f64>,
        /// Mean over the reconstructions of each one's peak signal-to-noise ratio, in dB; one nearer than
        /// the rounding of 8 bits counts as that, 58.9 dB.
        psnr_images: Option<f64>,
        /// Why the cell failed; empty where it did not.
        error: String,
    }
}

row! {
    /// Two ways of encrypting one task: one row of `both_ways.csv`. Times vary from run to run.
    "both_ways" => BothWaysRow {
        /// `cryptotl` or `rhe`.
        system: String,
        /// What is encrypted.
        encrypted: String,
        /// What stays in the clear, and where.
        clear: String,
        /// Who must not learn what.
        protects: String,
        /// Test accuracy.
        accuracy: Option<f64>,
        /// Share of labels that agree with the same network in the clear.
        label_agreement: Option<f64>,
        /// Wall-clock milliseconds a prediction.
        latency_ms: Option<f64>,
        /// Bytes sent once: keys, or the protected head.
        bytes_once: Option<u64>,
        /// Bytes sent a prediction towards the computing side.
        bytes_up: Option<u64>,
        /// Bytes sent back.
        bytes_down: Option<u64>,
        /// TPR at 1 % FPR of the attack on what is released.
        tpr_at_fpr_1pct: Option<f64>,
        /// Lower end of its interval.
        tpr_at_fpr_1pct_lo: Option<f64>,
        /// Upper end of its interval.
        tpr_at_fpr_1pct_hi: Option<f64>,
        /// AUC of that attack.
        auc: Option<f64>,
        /// Training examples.
        n: u64,
        /// Lower end of the accuracy's interval.
        accuracy_lo: Option<f64>,
        /// Upper end.
        accuracy_hi: Option<f64>,
        /// Lower end of the AUC's interval.
        auc_lo: Option<f64>,
        /// Upper end.
        auc_hi: Option<f64>,
        /// Victims of that attack.
        victims: Option<u64>,
    }
}

row! {
    /// One point of one ROC curve: one row of `roc.csv`.
    "roc" => RocRow {
        /// What the victims learn from.
        dataset: String,
        /// The frozen public network.
        backbone: String,
        /// Shape of the head.
        head: String,
        /// Training examples per class.
        shots: u64,
        /// `none`, `dp_sgd`, `one_release` or `rhe`.
        defence: String,
        /// Claimed ε of a private head, under adding or removing an example.
        epsilon: Option<f64>,
        /// Clipping norm.
        clip: Option<f64>,
        /// What tuning on public data chose; empty where nothing was tuned.
        tuned: String,
        /// What the adversary sees.
        release: String,
        /// The attack's name.
        attack: String,
        /// The null hypothesis.
        null: String,
        /// Queries put to the victim.
        queries: Option<u64>,
        /// False positive rate.
        fpr: f64,
        /// True positive rate.
        tpr: f64,
        /// Scores below it are called positive; empty where all are.
        threshold: Option<f64>,
        /// TPR of the fitted normals at this FPR: drawn, not quoted.
        tpr_fitted: Option<f64>,
        /// The most that the mechanism allows any attack at this FPR where an example is replaced.
        tpr_bound: Option<f64>,
        /// Hash of the resolved config.
        config_hash: String,
        /// What sets the cell apart beside the columns above, as in `results.csv`.
        setting: Option<String>,
    }
}

row! {
    /// One class of one cell that reads images back: one row of `classes.csv`. Every class has a
    /// threshold of its own, from the null's scores of that class.
    "classes" => ClassRow {
        /// What the victims learn from.
        dataset: String,
        /// The frozen public network.
        backbone: String,
        /// Shape of the head.
        head: String,
        /// Training examples per class.
        shots: u64,
        /// `none`, `dp_sgd`, `one_release` or `rhe`.
        defence: String,
        /// Claimed ε of a private head, under adding or removing an example.
        epsilon: Option<f64>,
        /// Clipping norm.
        clip: Option<f64>,
        /// What tuning on public data chose; empty where nothing was tuned.
        tuned: String,
        /// What the adversary sees.
        release: String,
        /// The attack's name.
        attack: String,
        /// The null hypothesis.
        null: String,
        /// Queries put to the victim.
        queries: Option<u64>,
        /// The class of the images that the scores are about, counted from 0 as the head's outputs are.
        class: u64,
        /// Victims with a score of the class.
        victims: u64,
        /// Different private images behind those scores: victims share some.
        images: u64,
        /// Scores of the null of this class, which set its threshold.
        null_scores: u64,
        /// TPR at a false positive rate of 1 %; empty under a hundred scores of the null.
        tpr_at_fpr_1pct: Option<f64>,
        /// Lower end of its interval, over victims and images.
        tpr_at_fpr_1pct_lo: Option<f64>,
        /// Upper end of its interval, over victims and images.
        tpr_at_fpr_1pct_hi: Option<f64>,
        /// FPR realised at that threshold.
        fpr_realised: Option<f64>,
        /// The paper's definition: exact threshold at 1 % of the likelihood ratio of two normals that are
        /// fitted to φ of victims and null.
        tpr_neyman_pearson: Option<f64>,
        /// The same read off the fitted normals alone, Φ((μ₁ + σ₁ Φ⁻¹(.01) − μ₀) / σ₀): what a smooth
        /// curve through them shows.
        tpr_fitted: Option<f64>,
        /// Mean min-MSE of the reconstructions.
        mse: f64,
        /// The same under the null.
        mse_null: f64,
        /// Hash of the resolved config.
        config_hash: String,
        /// What sets the cell apart beside the columns above, as in `results.csv`.
        setting: Option<String>,
    }
}

row! {
    /// Two cells that attack the same victims and differ in release or attack alone, like with like: one
    /// row of `pairs.csv`. Both are read anew against one kind of null, each victim's reconstructions
    /// beside other victims' images, which every attack that reads images back has.
    "pairs" => PairRow {
        /// What the victims learn from.
        dataset: String,
        /// The frozen public network.
        backbone: String,
        /// Shape of the head.
        head: String,
        /// Training examples per class.
        shots: u64,
        /// `none`, `dp_sgd`, `one_release` or `rhe`.
        defence: String,
        /// Claimed ε of a private head, under adding or removing an example.
        epsilon: Option<f64>,
        /// Number of victims.
        victims: u64,
        /// What the first adversary sees.
        release_a: String,
        /// The first attack's name.
        attack_a: String,
        /// Queries that the first attack puts to a victim.
        queries_a: Option<u64>,
        /// What sets the first cell apart beside the columns above, as in `results.csv`.
        setting_a: Option<String>,
        /// What the second adversary sees.
        release_b: String,
        /// The second attack's name.
        attack_b: String,
        /// Queries that the second attack puts to a victim.
        queries_b: Option<u64>,
        /// What sets the second cell apart beside the columns above, as in `results.csv`.
        setting_b: Option<String>,
        /// Scores of the smaller of the two nulls.
        null_scores: u64,
        /// The first attack's TPR at a false positive rate of 1 %.
        tpr_at_fpr_1pct_a: Option<f64>,
        /// The second attack's.
        tpr_at_fpr_1pct_b: Option<f64>,
        /// First minus second.
        difference_at_fpr_1pct: Option<f64>,
        /// Lower end of the difference's interval: victims and images drawn again for both at once.
        difference_at_fpr_1pct_lo: Option<f64>,
        /// Upper end of the difference's interval.
        difference_at_fpr_1pct_hi: Option<f64>,
        /// The first attack's TPR at a false positive rate of .1 %.
        tpr_at_fpr_0_1pct_a: Option<f64>,
        /// The second attack's.
        tpr_at_fpr_0_1pct_b: Option<f64>,
        /// First minus second.
        difference_at_fpr_0_1pct: Option<f64>,
        /// Lower end of the difference's interval.
        difference_at_fpr_0_1pct_lo: Option<f64>,
        /// Upper end of the difference's interval.
        difference_at_fpr_0_1pct_hi: Option<f64>,
        /// Hash of the first cell's resolved config.
        config_hash_a: String,
        /// Hash of the second cell's.
        config_hash_b: String,
    }
}

row! {
    /// How long a stage of a run took: one row of `timings.csv`. Varies from run to run.
    "timings" => TimingRow {
        /// Name of the experiment.
        experiment: String,
        /// The stage, for example `attack model`.
        stage: String,
        /// The cell it belongs to; empty where it is shared.
        cell: String,
        /// Whether it came out of the cache.
        cached: String,
        /// Wall-clock seconds.
        seconds: f64,
        /// Things made, for example shadow heads.
        items: Option<u64>,
        /// Things made a second.
        items_per_second: Option<f64>,
    }
}

impl ResultRow {
    /// Whether the cell failed.
    pub fn failed(&self) -> bool {
        !self.error.is_empty()
    }
}
