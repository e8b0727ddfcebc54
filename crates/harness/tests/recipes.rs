//! What configs pass, the engine passes: nothing of a kept config is refused after the first victim.

use std::path::{Path, PathBuf};

use config::{Data, Defence};
use privacy::{Delta, SampleRate, Steps};
use spec::Options;
use transfer::HeadShape;

fn kept() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folders = ["configs", "configs/paper", "crates/config/tests/good"];
    let entries = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(root.join(folder)).expect("a folder of configs"));
    entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|it| it == "yaml"))
        .collect()
}

/// Classes of the heads; ten where only the files tell.
fn classes(data: &Data) -> usize {
    data.task.classes().unwrap_or(10)
}

#[test]
fn every_cell_of_every_kept_config_passes_the_engines_checks() {
    let mut cells = 0;
    for path in kept() {
        let text = std::fs::read_to_string(&path).expect("a config");
        let experiment = config::from_text(&text, &path, &[]).expect("it checks");
        let Some(heads) = experiment.heads() else {
            continue;
        };
        for cell in heads.cells() {
            let place = format!("{}: {cell:?}", path.display());
            let shape = HeadShape {
                kind: cell.head,
                features: 64,
                classes: classes(&heads.data),
            };
            let recipe = harness::heads::recipe(&cell, &heads.data.target);
            let checked = shape.check().and_then(|()| recipe.check(&shape));
            assert!(checked.is_ok(), "{checked:?} {place}");
            assert_eq!(cell.attack.check(), Ok(()), "{place}");
            let suited = cell.attack.suits(cell.head, recipe.optimiser);
            assert_eq!(suited, Ok(()), "{place}");
            assert_eq!(cell.defence.kind().suits(cell.head), Ok(()), "{place}");
            if let Defence::DpSgd(dp) = &cell.defence {
                let n = shape.classes * cell.shots;
                assert!(dp.sampling.divisor(n) > 0, "{place}");
                let steps = dp.sampling.steps(dp.epochs.unwrap_or(recipe.steps));
                assert!(Steps::new(steps as u64).is_ok(), "{place}");
                assert!(SampleRate::new(dp.sampling.rate()).is_ok(), "{place}");
                assert!(Delta::new(dp.delta.value(n)).is_ok(), "{place}");
            }
            cells += 1;
        }
    }
    assert!(cells > 100, "{cells}");
}
