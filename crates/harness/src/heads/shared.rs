//! One reconstructor for several cells.

use attacks::{AttackError, Reconstructor, WhiteBox, World as Setting};
use config::experiment::{Attack, Cell, Defence};

use super::keys::CellKeys;
use super::measure::{Trial, setting};
use crate::error::HarnessError;
use crate::timings::Timings;

/// The cells that `cell` shares a network with, itself among them, in their order; empty where it
/// shares none. Cells that differ only in what the attack is compared with count once.
pub fn group<'a>(cells: &'a [Cell], cell: &Cell) -> Vec<&'a Cell> {
    let mut group: Vec<&Cell> = Vec::new();
    if !shares(cell) {
        return group;
    }
    for other in cells.iter().filter(|other| shares(other)) {
        let alike = (&other.backbone, other.head, &other.attack)
            == (&cell.backbone, cell.head, &cell.attack);
        if alike && !group.iter().any(|known| same_lesson(known, other)) {
            group.push(other);
        }
    }
    group
}

/// Ciphertexts teach nothing that another cell could use.
fn shares(cell: &Cell) -> bool {
    let encrypted = matches!(cell.defence, Defence::Rhe(_));
    matches!(&cell.attack, Attack::Reconstructor(options) if options.shared) && !encrypted
}

fn same_lesson(a: &Cell, b: &Cell) -> bool {
    let of = |cell: &Cell| (cell.recipe, cell.shots, cell.adversary);
    of(a) == of(b) && a.defence == b.defence
}

/// Trains the network of the trial's cell and of all that share it, keeps each cell's attack in the
/// cache, and returns the trial's.
pub fn fit(
    trial: &Trial<'_>,
    options: &spec::Reconstructor,
    progress: impl FnMut(attacks::AttackProgress),
    timings: &mut Timings,
) -> Result<Box<dyn WhiteBox>, HarnessError> {
    let Trial {
        context,
        world,
        heads,
        ..
    } = *trial;
    let group = group(trial.cells, trial.cell);
    let mut keys = Vec::with_capacity(group.len());
    let mut settings = Vec::with_capacity(group.len());
    for cell in &group {
        let own = CellKeys::new(context, trial.seed, heads, trial.cells, cell)?;
        match setting(context, world, heads, cell, &own, timings) {
            Ok((setting, _)) => {
                settings.push(setting);
                keys.push(own);
            }
            // A cell whose heads cannot be trained fails alone.
            Err(error) if own.model == trial.keys.model => return Err(error),
            Err(_) => {}
        }
    }
    let worlds: Vec<&Setting<'_>> = settings.iter().collect();
    let attacks = Reconstructor::fit_shared(&worlds, options, progress)?;
    let mut own = None;
    for (attack, keys) in attacks.into_iter().zip(keys) {
        let Some(key) = &keys.model else { continue };
        attack.save(&context.store.new_file(key, "safetensors")?)?;
        if keys.model == trial.keys.model {
            own = Some(Box::new(attack));
        }
    }
    let missing = || AttackError::Mismatch {
        what: "a cell among those that share its network",
        expected: trial.keys.config_hash().to_owned(),
        found: format!("{} others", group.len()),
    };
    Ok(own.ok_or_else(missing)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(sweep: &str) -> Vec<Cell> {
        let text = format!(
            "name: x\ndata:\n  source: {{ strokes: {{ classes: letters, images: 2600 }} }}\n  target: {{ strokes: {{ classes: digits, images: 2000 }} }}\nsweep: {sweep}\n"
        );
        let path = std::path::Path::new("x.yaml");
        config::from_text(&text, path, &[])
            .expect("it checks")
            .cells()
    }

    #[test]
    fn cells_of_one_attack_share_whatever_shots_privacy_and_null() {
        let cells = cells(
            "{ shots: [1, 2], defence: [none, { dp_sgd: { epsilon: 5 } }, rhe], null: [independent, gaussian], attack: [unmixing, { reconstructor: { shared: true } }] }",
        );
        let sizes: Vec<usize> = cells.iter().map(|cell| group(&cells, cell).len()).collect();
        for (cell, size) in cells.iter().zip(sizes) {
            assert_eq!(size, if shares(cell) { 4 } else { 0 });
        }
        assert_eq!(cells.iter().filter(|cell| shares(cell)).count(), 8);
    }
}
