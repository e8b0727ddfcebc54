//! `harness show`: runs side by side.

use report::Look;

use super::figures::figures;
use super::record::record;
use super::tables::read;
use crate::cli::{ShowArgs, ShowFormat};
use crate::exit::Exit;
use crate::failure::Failure;

/// One table of the runs, or of each cell over their seeds, or two of them cell by cell, or the runs kept
/// in folders, or their figures.
///
/// # Errors
/// If a table is missing or damaged, two rows of a compared run ask for the same, or a record or a figure
/// cannot be written.
pub fn show(args: &ShowArgs) -> Result<String, Failure> {
    if let Some(folder) = &args.record {
        return record(&args.runs, folder);
    }
    if let Some(folder) = &args.figures {
        return figures(&args.runs, folder);
    }
    let look = match args.format {
        ShowFormat::Text => Look::Text,
        ShowFormat::Markdown => Look::Markdown,
        ShowFormat::Csv => Look::Csv,
    };
    let shown = match args.compare.as_deref() {
        Some([a, b]) => report::show_difference(&read(a)?, &read(b)?, look),
        _ => {
            let runs = args.runs.iter().map(|path| read(path));
            let runs = runs.collect::<Result<Vec<_>, _>>()?;
            if args.seeds {
                report::show_seeds(&runs, look)
            } else {
                report::show(&runs, look)
            }
        }
    };
    shown.map_err(|error| Failure::new(&error, Exit::Data))
}
