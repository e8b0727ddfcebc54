//! From what was found to an answer in plain words, and to the gate.

use report::ResultRow;
use serde::{Serialize, Serializer};
use spec::{AttackKind, DefenceKind};

use crate::heads::given::Finding;

/// Probability that an audit calls any record of a set that the head was never trained on; half of it
/// for reconstruction, half for membership.
pub const ERROR_RATE: f64 = 0.05;
/// Kinds of call that share it.
const KINDS: f64 = 2.0;
/// Largest TPR at 1 % FPR that counts as nothing, where none is asked for.
const NOTHING: f64 = 0.05;

/// The answer in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Records stand out, or heads trained this way are shown to leak.
    Leaks,
    /// Neither leaks nor nothing is shown.
    Undecided,
    /// Nothing that was tried finds anything, and it would have found it.
    NothingFound,
}

impl Level {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Leaks => "leaks",
            Self::Undecided => "undecided",
            Self::NothingFound => "nothing_found",
        }
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// In a word.
    pub level: Level,
    /// In a sentence.
    pub sentence: String,
    /// Why.
    pub reasons: Vec<String>,
    /// What was read back, in one line.
    pub line: String,
    /// What the gate holds against its limit: the largest of the upper ends of the TPRs of heads
    /// trained this way, and of the share of records that stand out.
    pub measured: f64,
    /// The limit.
    pub max_tpr: Option<f64>,
    /// Whether the gate lets the head pass; none without a limit.
    pub passes: Option<bool>,
}

/// Records that stand out from chance, by kind.
struct Calls {
    records: usize,
    /// By their reconstructions.
    read: usize,
    /// Of these, within τ.
    within: usize,
    /// By the membership test.
    members: usize,
    /// By either.
    any: usize,
}

impl Calls {
    fn of(finding: &Finding) -> Self {
        let records = &finding.records;
        let count = |test: &dyn Fn(&crate::heads::given::Record) -> bool| {
            records.iter().filter(|record| test(record)).count()
        };
        Self {
            records: records.len(),
            read: count(&|it| stands_out(it.adjusted)),
            within: count(&|it| stands_out(it.adjusted) && it.error <= finding.tau),
            members: count(&|it| stands_out(it.membership_adjusted)),
            any: count(&|it| stands_out(it.adjusted) || stands_out(it.membership_adjusted)),
        }
    }

    fn share(&self) -> f64 {
        self.any as f64 / self.records.max(1) as f64
    }
}

/// Whether an adjusted p-value calls its record.
pub fn stands_out(adjusted: f64) -> bool {
    adjusted <= ERROR_RATE / KINDS
}

/// What is expected of heads trained this way, by the attack whose interval reaches highest.
fn expected(rows: &[ResultRow]) -> Option<(&ResultRow, [f64; 3])> {
    let bare = rows.iter().filter(|row| row.defence == DefenceKind::None);
    let rated = bare.filter_map(|row| {
        let ends = (row.tpr_at_fpr_1pct_lo?, row.tpr_at_fpr_1pct_hi?);
        Some((row, [row.tpr_at_fpr_1pct?, ends.0, ends.1]))
    });
    rated.max_by(|a, b| a.1[2].total_cmp(&b.1[2]))
}

/// The answer for a head.
pub fn judge(head: &str, finding: &Finding, rows: &[ResultRow], max_tpr: Option<f64>) -> Verdict {
    let calls = Calls::of(finding);
    let checked = calls.records > 0;
    let expected = expected(rows);
    let [tpr, lo, hi] = expected.map_or([1.0, 0.0, 1.0], |(_, rate)| rate);
    let called = finding.targets.iter();
    let called = called.filter(|it| it.confidence.is_some_and(|it| it.called));
    let called = called.count();
    let limit = max_tpr.unwrap_or(NOTHING);
    let found = calls.any > 0 || called > 0;
    let fits = finding.fit.remarks.is_empty();
    let level = if found || lo > limit {
        Level::Leaks
    } else if hi <= limit && fits && expected.is_some() {
        Level::NothingFound
    } else {
        Level::Undecided
    };
    let measured = hi.max(calls.share());
    let passes = max_tpr.map(|limit| measured <= limit && called == 0 && fits);
    let mut reasons = Vec::new();
    if checked {
        reasons.push(of_records(&calls, finding));
    } else {
        reasons.push(of_targets(called, finding));
    }
    if let Some((row, _)) = expected {
        reasons.push(format!(
            "Of heads trained this way on other data, {} {} {} of the training examples at 1 % false \
             positives [{}, {}] ({} simulated heads).",
            row.attack,
            if row.attack == AttackKind::Membership { "recognises" } else { "reads back" },
            percent(tpr),
            percent(lo),
            percent(hi),
            row.victims.unwrap_or_default()
        ));
    } else {
        reasons.push("How much heads trained this way leak could not be measured.".into());
    }
    if let Some(share) = finding.share {
        reasons.push(format!(
            "Of this head's own classes {} are read back at 1 % false positives; of {} of the simulated \
             heads no more is.",
            percent(share.value),
            percent(share.quantile)
        ));
    }
    reasons.extend(finding.fit.remarks.iter().map(|words| {
        format!("The head is not like those that were simulated: {words}. What was not found may be there.")
    }));
    reasons.extend(better(rows, limit));
    let sentence = sentence(level, checked);
    let line = format!(
        "{head}: {} {sentence}",
        reasons[..2.min(reasons.len())].join(" ")
    );
    Verdict {
        level,
        sentence: sentence.into(),
        reasons,
        line,
        measured,
        max_tpr,
        passes,
    }
}

fn sentence(level: Level, checked: bool) -> &'static str {
    match (level, checked) {
        (Level::Leaks, _) => "Do not release it as it is.",
        (Level::Undecided, _) => "It is not shown that it may be released.",
        (Level::NothingFound, true) => {
            "Nothing that was tried finds its training data; what was not tried is listed."
        }
        (Level::NothingFound, false) => {
            "Nothing was found, and without the training set nothing could be checked."
        }
    }
}

fn of_records(calls: &Calls, finding: &Finding) -> String {
    format!(
        "{} of {} records read back better than chance ({} of them within τ = {:.4}), {} recognised as \
         training examples; on a head that never saw them any would be with a probability of at most \
         {:.0} %.",
        calls.read,
        calls.records,
        calls.within,
        finding.tau,
        calls.members,
        100.0 * ERROR_RATE
    )
}

fn of_targets(called: usize, finding: &Finding) -> String {
    let mut words = format!(
        "{called} of {} reconstructions called read back by their agreement over {} fits",
        finding.targets.len(),
        finding.agreement.map_or(0, |it| it.fits)
    );
    if let Some(checked) = &finding.agreement {
        words += &match (checked.right, checked.interval) {
            (Some(right), Some([lo, hi])) => format!(
                "; of {} so called on {} other simulated heads {} [{}, {}] were within τ = {:.4} of a \
                 training image",
                checked.called,
                checked.heads,
                percent(right),
                percent(lo),
                percent(hi),
                finding.tau
            ),
            _ => format!("; on {} simulated heads none was so called", checked.heads),
        };
    }
    words + ". Without the training set this could not be checked."
}

/// The cheapest defence that is shown to stop every attack.
fn better(rows: &[ResultRow], limit: f64) -> Vec<String> {
    let bare = rows.iter().find(|row| row.defence == DefenceKind::None);
    let base = bare.and_then(|row| row.accuracy);
    let mut settings: Vec<(&str, Option<f64>)> = Vec::new();
    for row in rows.iter().filter(|row| row.defence != DefenceKind::None) {
        if !settings.contains(&(row.defence.as_str(), row.epsilon)) {
            settings.push((&row.defence, row.epsilon));
        }
    }
    let mut words = Vec::new();
    for (defence, epsilon) in settings {
        let own = rows
            .iter()
            .filter(|row| row.defence == defence && row.epsilon == epsilon);
        let own: Vec<&ResultRow> = own.collect();
        let highest = own
            .iter()
            .map(|row| row.tpr_at_fpr_1pct_hi.unwrap_or(1.0))
            .fold(0.0, f64::max);
        let name = report::defence_name(defence);
        let name = epsilon.map_or(name.to_string(), |it| {
            let rounded = |it: f64| (100.0 * it).round() / 100.0;
            let replaced = own.first().and_then(|row| row.epsilon_replace_one);
            let replaced = replaced.map_or_else(String::new, |it| {
                format!(" ({} where a record is replaced)", rounded(it))
            });
            format!("{name} with ε = {}{replaced}", rounded(it))
        });
        let accuracy = own.first().and_then(|row| row.accuracy);
        let cost = base.zip(accuracy).map_or(String::new(), |(base, own)| {
            format!(", accuracy {} in place of {}", percent(own), percent(base))
        });
        let stops = if highest <= limit {
            "stops"
        } else {
            "is not shown to stop"
        };
        words.push(format!(
            "{name} {stops} these attacks: at most {} at 1 % false positives{cost}.",
            percent(highest)
        ));
    }
    words
}

/// `12.3 %`.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
