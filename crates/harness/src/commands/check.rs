//! `harness check`: the regression gate.

use report::{Format, Gate, Outcome, ResultRow, Table, compare, save_baseline};

use super::tables::read;
use crate::cli::{CheckArgs, CheckFormat};
use crate::exit::Exit;
use crate::failure::Failure;

/// Compares results with a baseline, or makes them one.
///
/// # Errors
/// If a table is missing or damaged, if the baseline holds nothing, or if two of a table's rows ask
/// for the same.
pub fn check(args: &CheckArgs) -> Result<(String, Exit), Failure> {
    let measured = read(&args.measured)?;
    if args.save {
        return save(args, &measured);
    }
    let outcome = held(args, &measured)?;
    let exit = if outcome.passes() {
        Exit::Done
    } else {
        Exit::FellShort
    };
    Ok((rendered(args, &outcome)?, exit))
}

/// Says what the new baseline changes, where there is an old one, and writes it.
fn save(args: &CheckArgs, measured: &Table<ResultRow>) -> Result<(String, Exit), Failure> {
    let mut text = String::new();
    if args.baseline.try_exists().unwrap_or(true) {
        text = rendered(args, &held(args, measured)?)?;
    }
    save_baseline(measured, &args.baseline).map_err(|error| Failure::new(&error, Exit::Data))?;
    // Machines read the findings; what is saved they asked for themselves.
    if args.format == CheckFormat::Text {
        text += &format!(
            "saved: {} cells in {}\n",
            measured.height(),
            args.baseline.display()
        );
    }
    Ok((text, Exit::Done))
}

fn held(args: &CheckArgs, measured: &Table<ResultRow>) -> Result<Outcome, Failure> {
    let gate = Gate {
        attack: args.attack_fall,
        defence: args.leak_rise,
        accuracy: args.accuracy_fall,
    };
    compare(&read(&args.baseline)?, measured, &gate)
        .map_err(|error| Failure::new(&error, Exit::Data))
}

fn rendered(args: &CheckArgs, outcome: &Outcome) -> Result<String, Failure> {
    let format = match args.format {
        CheckFormat::Text => Format::Text,
        CheckFormat::Markdown => Format::Markdown,
        CheckFormat::Junit => Format::Junit,
    };
    outcome
        .render(format)
        .map_err(|error| Failure::new(&error, Exit::Failed))
}
