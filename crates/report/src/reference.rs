//! The tables and their columns, for people.

use std::fmt::Write as _;

use crate::row::{Kind, Row};
use crate::rows::{BothWaysRow, ClassRow, PairRow, ResultRow, RocRow, TimingRow};

/// Every table and its columns as Markdown, from the row types and their documentation.
pub fn columns_reference() -> String {
    let mut out = String::from(
        "# Columns\n\nMade from the code by `harness schema --columns`. Every table is CSV with a header: columns \
         are found by their name, new ones come at the end, and none is renamed. What is undefined is an empty \
         cell, never NaN and never 0. How to load one: [results](results.md).\n",
    );
    table::<ResultRow>(&mut out);
    table::<RocRow>(&mut out);
    table::<ClassRow>(&mut out);
    table::<PairRow>(&mut out);
    table::<BothWaysRow>(&mut out);
    table::<TimingRow>(&mut out);
    out
}

fn table<R: Row>(out: &mut String) {
    let _ = write!(
        out,
        "\n## {}.csv\n\n{}\n\n| column | holds | meaning |\n|---|---|---|\n",
        R::TABLE,
        text(R::DOC)
    );
    for column in R::COLUMNS {
        let holds = match column.kind {
            Kind::Text => "text",
            Kind::Count => "whole number",
            Kind::Number => "number",
        };
        let empty = if column.optional { ", or empty" } else { "" };
        let _ = writeln!(
            out,
            "| `{}` | {holds}{empty} | {} |",
            column.name,
            text(column.doc)
        );
    }
}

/// Documentation as a page has it: links to types lead nowhere there.
fn text(doc: &str) -> String {
    let plain = doc.trim().replace("[`", "`").replace("`]", "`");
    plain.replace('|', "\\|")
}
