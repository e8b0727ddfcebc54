//! What can be known not to work before anything is trained, once the files are there: parts of the
//! target with too few examples.

use config::experiment::{Data, Experiment, Heads, Task};

use crate::context::Context;
use crate::error::HarnessError;

/// Checks an experiment against its files, without decoding pictures.
///
/// # Errors
/// What does not fit, by the config's key; missing and damaged files of features and folders.
pub fn check(
    context: &Context,
    experiment: &Experiment,
    heads: &Heads,
) -> Result<(), HarnessError> {
    let cells = experiment.cells();
    let Some(counts) = counts(context, &heads.data)? else {
        return Ok(());
    };
    let mut shots: Vec<usize> = cells.iter().map(|cell| cell.shots).collect();
    shots.sort_unstable();
    shots.dedup();
    for shots in shots {
        check_shots(&heads.data, &counts, shots)?;
    }
    Ok(())
}

/// Examples of each class of the task, where files say so without being decoded.
fn counts(context: &Context, data: &Data) -> Result<Option<Vec<usize>>, HarnessError> {
    let Some(counts) = data.target.count_classes(&context.data)? else {
        return Ok(None);
    };
    Ok(Some(match &data.task {
        Task::Classes => counts,
        Task::Binary { positive } => {
            let mut both = vec![0, 0];
            for (class, count) in counts.iter().enumerate() {
                both[usize::from(positive.contains(&(class as u32)))] += count;
            }
            both
        }
        Task::Person { .. } => {
            let images: usize = counts.iter().sum();
            let told = (images as f64 * Task::TOLD) as usize;
            vec![images - told, told]
        }
    }))
}

/// # Errors
/// If a part of the target has too few examples for `shots`: one more than these in the private
/// part, since membership and nulls need an example of a class that a victim does not have.
fn check_shots(data: &Data, counts: &[usize], shots: usize) -> Result<(), HarnessError> {
    let shares = data.shares;
    let part = |count: usize, share: f64| (count as f64 * share).round() as usize;
    let refuse = |class: usize, whose: &str, key: &str, have: usize, needed: usize| {
        Err(HarnessError::Setting {
            place: "sweep.shots".into(),
            reason: format!(
                "found {shots}, but the {whose} part of `data.target` has {have} of the {} examples \
                 of class {class}, {needed} are needed\nhint: use more data, or a larger \
                 `data.shares.{key}`",
                counts[class]
            ),
        })
    };
    let mut tested = 0;
    for (class, &count) in counts.iter().enumerate() {
        let private = part(count, shares.private);
        let test = part(count, shares.test).min(count - private.min(count));
        let public = count.saturating_sub(private + test);
        tested += test;
        if private <= shots {
            return refuse(
                class,
                "victims'",
                "private",
                private,
                shots.saturating_add(1),
            );
        }
        if data.public.is_none() && public < shots {
            return refuse(class, "adversary's", "public", public, shots);
        }
    }
    if tested == 0 {
        return Err(HarnessError::Setting {
            place: "data.shares.test".into(),
            reason: format!(
                "found {}, which leaves no example of any class to measure accuracy on\nhint: use \
                 more data, or a larger `data.shares.test`",
                shares.test
            ),
        });
    }
    Ok(())
}
