//! The page: its skeleton, that it is self-contained, and that it hides no failure.

mod common;

use report::{Page, TimingRow, figures, render_html, write_html};

fn page_text() -> String {
    let rows = common::sweep();
    let drawn = figures(&rows, &common::curves(&rows));
    let timings = [TimingRow {
        stage: "backbone".to_owned(),
        cached: "no".to_owned(),
        seconds: 34.25,
        ..TimingRow::default()
    }];
    let page = Page {
        experiment: "made-up <numbers>",
        purpose: "A page to look at.",
        results: &rows,
        figures: &drawn,
        both_ways: &[],
        timings: &timings,
        provenance: &[("command".to_owned(), "harness made-up.yaml".to_owned())],
        config: "name: made-up\n",
    };
    render_html(&page).unwrap()
}

/// The page without style sheet and pictures.
fn skeleton(page: &str) -> String {
    let without = |text: &str, open: &str, close: &str, sign: &str| {
        let mut kept = String::new();
        let mut rest = text;
        while let Some(start) = rest.find(open) {
            let end = rest[start..].find(close).unwrap() + start + close.len();
            kept.push_str(&rest[..start]);
            kept.push_str(sign);
            rest = &rest[end..];
        }
        kept + rest
    };
    let page = without(page, "<style>", "</style>", "[style]");
    without(&page, "<svg", "</svg>", "[picture]")
}

#[test]
fn the_skeleton_of_a_page() {
    insta::assert_snapshot!(skeleton(&page_text()));
}

#[test]
fn nothing_is_fetched() {
    let page = page_text().replace("http://www.w3.org/2000/svg", "");
    for outside in ["http://", "https://", "<script", "<link", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn failures_are_shown_and_what_they_say_is_escaped() {
    let page = page_text();
    assert!(
        page.contains(
            "no noise reaches epsilon 0.5, &quot;really&quot;\nhint: raise &lt;epsilon&gt;"
        )
    );
    assert!(page.contains("<tr class=\"failed\">"));
    assert!(page.contains("<h1>made-up &lt;numbers&gt;</h1>"));
}

#[test]
fn an_empty_run_has_a_page_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    write_html(
        &path,
        &Page {
            experiment: "empty",
            ..Page::default()
        },
    )
    .unwrap();
    let page = std::fs::read_to_string(path).unwrap();
    assert!(page.contains("<h1>empty</h1>") && page.trim_end().ends_with("</html>"));
}

#[test]
fn both_ways_round_have_a_section_with_every_number() {
    let rows = common::both_ways();
    let page = render_html(&Page {
        both_ways: &rows,
        ..Page::default()
    })
    .unwrap();
    for text in [
        "<h2>Both ways round</h2>",
        "the client&#39;s inputs from the server",
        "91.2 %<small>[90.5, 91.9]</small>",
        "12.4 %<small>[8.0, 19.0]</small>",
        "91.6 MiB",
        "none",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(!render_html(&Page::default()).unwrap().contains("both-ways"));
}
