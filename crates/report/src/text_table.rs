//! Tables in plain text and Markdown.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};

/// How a table of text is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Aligned columns, two spaces apart.
    Plain,
    /// Markdown.
    Markdown,
}

/// A table that is filled row by row.
pub(crate) struct TextTable {
    table: Table,
    layout: Layout,
}

impl TextTable {
    /// A table with these headings.
    pub(crate) fn new(headings: &[&str], layout: Layout) -> Self {
        let mut table = Table::new();
        table.load_preset(match layout {
            Layout::Plain => presets::NOTHING,
            Layout::Markdown => presets::ASCII_MARKDOWN,
        });
        // A line a row, however wide: rows are for grep too.
        table.set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(headings);
        if layout == Layout::Plain {
            for column in table.column_iter_mut() {
                column.set_padding((0, 2));
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        Self { table, layout }
    }

    /// Lets a column end at its right edge, as numbers do.
    pub(crate) fn right(&mut self, column: usize) {
        if let Some(column) = self.table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        let cells = cells.into_iter().map(|cell| {
            let cell = cell.replace(['\n', '\r'], "; ");
            match self.layout {
                Layout::Plain => cell,
                Layout::Markdown => cell.replace('\\', "\\\\").replace('|', "\\|"),
            }
        });
        self.table.add_row(cells.collect::<Vec<_>>());
    }

    /// The table, its lines without trailing spaces.
    pub(crate) fn render(&self) -> String {
        self.table
            .lines()
            .map(|line| format!("{}\n", line.trim_end()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_marks_of_the_layout_escaped() {
        let mut table = TextTable::new(&["what", "n"], Layout::Plain);
        table.right(1);
        table.row(vec!["a".into(), "10".into()]);
        table.row(vec!["long name".into(), "7".into()]);
        assert_eq!(
            table.render(),
            "what        n\na          10\nlong name   7\n"
        );
        let mut table = TextTable::new(&["what"], Layout::Markdown);
        table.row(vec!["a|b\nc".into()]);
        assert!(
            table.render().contains("| a\\|b; c |"),
            "{}",
            table.render()
        );
    }
}
