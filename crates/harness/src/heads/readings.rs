//! What a cell's scores say: ROCs with their intervals, made once with the scores and kept with them.

use std::collections::BTreeSet;

use datasets::StreamKey;
use evaluation::{
    Bootstrap, EvaluationError, FittedNormals, Rate, RocReport, Scores, Subject, neyman_pearson,
    roc, strength,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::findings::{About, Errors};

/// Rates of all scores, and of parts of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Readings {
    /// Of all.
    pub roc: RocReport,
    /// Of halves, where there are two units a side.
    pub halves: Option<Halves>,
    /// Of each class of which both sides have scores; none where nothing is read back, or only one class.
    pub classes: Vec<ClassReading>,
}

/// Units cut in two, so that an attack can be chosen on one half and reported on the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Halves {
    /// [`strength`] on the first.
    pub strength: f64,
    /// TPR at 1 % FPR on the second, where its null resolves it.
    pub tpr_at_1pct: Option<Rate>,
}

/// Rates of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassReading {
    /// The class.
    pub class: u32,
    /// Victims with images of it.
    pub victims: usize,
    /// Different images that victims have of it.
    pub images: usize,
    /// Scores of the null.
    pub null_scores: usize,
    /// TPR at 1 % FPR, where the null resolves it.
    pub tpr_at_1pct: Option<Rate>,
    /// The same by the paper's test: thresholds on the likelihood ratio of fitted normals.
    pub neyman_pearson: Option<f64>,
    /// The same under those normals.
    pub fitted: Option<f64>,
    /// Mean squared error of the victims' reconstructions.
    pub mse: f64,
    /// The same under the null.
    pub mse_null: f64,
}

/// What is read, a list a victim or a draw of the null.
#[derive(Clone, Copy, Debug)]
pub struct Read<'a> {
    /// Scores of each victim's targets.
    pub victims: &'a [Vec<f64>],
    /// The same under the null.
    pub null: &'a [Vec<f64>],
    /// The image that each is about, where images are read back.
    pub about: Option<&'a About>,
    /// Their errors, where they have any.
    pub errors: Option<&'a Errors>,
}

impl Readings {
    /// Reads scores; `None` where there are none. `key` is the cell's, for resampling.
    ///
    /// # Errors
    /// If they cannot be compared.
    pub fn of(read: Read<'_>, key: StreamKey) -> Result<Option<Self>, EvaluationError> {
        if read.victims.is_empty() {
            return Ok(None);
        }
        let scores = Scores::new(read.victims.to_vec(), read.null.to_vec())?;
        let scores = match read.about {
            Some(about) => scores.about(about.victims.clone(), about.null.clone())?,
            None => scores,
        };
        let bootstrap = Bootstrap::new(*key.bytes());
        let mut all = roc(&scores, &bootstrap)?;
        if read.errors.is_some() {
            // Scores of reconstructions are φ in units of their class's null: normal as they are.
            all.fitted = FittedNormals::fit_normal(&scores).ok();
        }
        let halves = scores.halves().map(|[choosing, reporting]| {
            let reporting = roc(&reporting, &bootstrap)?;
            let resolved = reporting.resolves(0.01);
            Ok::<_, EvaluationError>(Halves {
                strength: strength(&choosing),
                tpr_at_1pct: resolved.then_some(reporting.tpr_at_1pct),
            })
        });
        Ok(Some(Self {
            roc: all,
            halves: halves.transpose()?,
            classes: classes(read, key)?,
        }))
    }
}

fn classes(read: Read<'_>, key: StreamKey) -> Result<Vec<ClassReading>, EvaluationError> {
    let (Some(about), Some(errors)) = (read.about, read.errors) else {
        return Ok(Vec::new());
    };
    let classes = |units: &[Vec<Subject>]| -> BTreeSet<u32> {
        units.iter().flatten().map(|it| it.class).collect()
    };
    let both = &classes(&about.victims) & &classes(&about.null);
    if both.len() < 2 {
        return Ok(Vec::new());
    }
    let both: Vec<u32> = both.into_iter().collect();
    let each = both.into_par_iter().map(|class| {
        let found = OfClass::new(class, read, about, errors)?;
        found.read(class, key.child(&class.to_string()))
    });
    each.collect()
}

/// What there is of one class.
struct OfClass {
    scores: Scores,
    errors: Scores,
    images: usize,
}

impl OfClass {
    fn new(
        class: u32,
        read: Read<'_>,
        about: &About,
        errors: &Errors,
    ) -> Result<Self, EvaluationError> {
        let (victims, null) = (&about.victims, &about.null);
        let own = (of(class, victims, victims), of(class, null, null));
        let images: BTreeSet<u32> = own.0.iter().flatten().map(|it| it.image).collect();
        let victim_scores = of(class, victims, read.victims);
        let null_scores = of(class, null, read.null);
        Ok(Self {
            scores: Scores::new(victim_scores, null_scores)?.about(own.0, own.1)?,
            errors: Scores::new(
                of(class, victims, &errors.victims),
                of(class, null, &errors.null),
            )?,
            images: images.len(),
        })
    }

    fn read(&self, class: u32, key: StreamKey) -> Result<ClassReading, EvaluationError> {
        let report = roc(&self.scores, &Bootstrap::new(*key.bytes()))?;
        let rate = report.resolves(0.01).then_some(report.tpr_at_1pct);
        // Nothing of the paper's test needs an interval: it stands beside ours to be compared.
        let few = Bootstrap {
            resamples: 2,
            ..Bootstrap::new(*key.bytes())
        };
        let tested = neyman_pearson(&self.errors).ok();
        let exact: Option<RocReport> = tested
            .as_ref()
            .map(|it| roc(&it.statistics, &few))
            .transpose()?;
        let fitted = FittedNormals::fit(&self.errors).ok();
        Ok(ClassReading {
            class,
            victims: report.victims,
            images: self.images,
            null_scores: report.null_scores,
            tpr_at_1pct: rate,
            neyman_pearson: rate.and(exact).map(|it| it.tpr_at_1pct.value),
            fitted: fitted.map(|it| it.tpr_at(0.01)),
            mse: mean(self.errors.victims()),
            mse_null: mean(self.errors.null()),
        })
    }
}

/// What of each unit's `values` is about `class`; units without are left out.
fn of<T: Copy>(class: u32, about: &[Vec<Subject>], values: &[Vec<T>]) -> Vec<Vec<T>> {
    let unit = |(about, values): (&Vec<Subject>, &Vec<T>)| -> Vec<T> {
        let both = about.iter().zip(values);
        both.filter(|(it, _)| it.class == class)
            .map(|(_, value)| *value)
            .collect()
    };
    let units = about.iter().zip(values).map(unit);
    units.filter(|unit| !unit.is_empty()).collect()
}

fn mean(units: &[Vec<f64>]) -> f64 {
    let count = units.iter().map(Vec::len).sum::<usize>().max(1);
    units.iter().flatten().sum::<f64>() / count as f64
}
