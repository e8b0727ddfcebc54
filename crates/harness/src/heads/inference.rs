//! Membership and property inference in a cell.

use std::collections::HashSet;

use attacks::{Membership, Property};
use config::experiment::DatasetSpec;
use spec::Group;

use super::findings::{Inferred, Scored};
use super::trial::Trial;
use crate::error::HarnessError;

/// One example a victim that it was trained on, against as many that it was not: of the same
/// classes, drawn from the private part.
pub fn membership(trial: &Trial<'_>, options: &spec::Membership) -> Result<Inferred, HarnessError> {
    let victims = trial.victims;
    let heads = options.heads(victims.len());
    let test = Membership::new(trial.world, heads, trial.cell.release)?;
    let mut released = victims.clone();
    let found = test.of_victims(&mut released, trial.corpus.extractor())?;
    Ok(Inferred {
        scores: Scored {
            victims: found.inside,
            null: found.outside,
        },
        samples: found.heads,
        queries: test.queries(),
    })
}

/// Heads whose training set holds an example of the group, against heads whose does not.
pub fn property(trial: &Trial<'_>, options: &spec::Property) -> Result<Inferred, HarnessError> {
    let members = members_of(trial, &options.group)?;
    let probes = spec::Property::PROBES;
    let test = Property::fit(trial.world, &members, options, probes)?;
    let (with, without) = test.scores(trial.heads().victims)?;
    let units = |scores: Vec<f64>| scores.into_iter().map(|score| vec![score]).collect();
    Ok(Inferred {
        scores: Scored {
            victims: units(with),
            null: units(without),
        },
        samples: test.heads(),
        queries: probes as u64,
    })
}

/// For every example whether it is in the group.
fn members_of(trial: &Trial<'_>, group: &Group) -> Result<Vec<bool>, HarnessError> {
    let labels = &trial.corpus.original_labels;
    let target = &trial.heads().data.target;
    let data = &trial.grid.context.data;
    Ok(match group {
        Group::Classes(classes) => labels.iter().map(|label| classes.contains(label)).collect(),
        Group::Part(part) => {
            let DatasetSpec::Mixed(parts) = target else {
                return Err(impossible("`part` needs a mixed target"));
            };
            let mut of_part = Vec::with_capacity(labels.len());
            for (index, spec) in parts.iter().enumerate() {
                let key = trial.corpus.root.child("target").child(&index.to_string());
                let images = spec.load(data, key)?.len();
                of_part.extend(std::iter::repeat_n(index == *part, images));
            }
            of_part.resize(labels.len(), false);
            of_part
        }
        Group::Male => {
            let DatasetSpec::Celeba { side, .. } = target else {
                return Err(impossible("`male` needs CelebA as target"));
            };
            let by_sex = DatasetSpec::Celeba {
                label: "Male".into(),
                side: *side,
                images_per_class: None,
                limit: None,
            };
            let images = by_sex.load(data, trial.corpus.root)?;
            let hashes = images.content_hashes();
            let male: HashSet<_> = hashes
                .iter()
                .zip(images.labels())
                .filter(|(_, label)| **label == 1)
                .map(|(hash, _)| *hash)
                .collect();
            let own = trial.corpus.images.content_hashes();
            own.iter().map(|hash| male.contains(hash)).collect()
        }
    })
}

fn impossible(reason: &str) -> HarnessError {
    HarnessError::Setting {
        place: "sweep.attack.property.group".into(),
        reason: reason.into(),
    }
}
