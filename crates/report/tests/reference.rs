//! The reference of the columns that people read is that of this code.

use std::path::Path;

#[test]
fn the_kept_reference_of_columns_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/columns.md");
    let kept = std::fs::read_to_string(&path).expect("docs/columns.md can be read");
    assert!(
        kept == report::columns_reference(),
        "docs/columns.md is out of date: `cargo run -p harness -- schema --columns > docs/columns.md`"
    );
}
