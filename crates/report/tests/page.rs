//! The page: its skeleton, that it is self-contained, and that it hides no failure.

mod common;

use report::{
    ClassRow, Gallery, GridPair, Page, PairRow, Raster, TimingRow, figures, render_html, write_html,
};

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
        galleries: &[common::gallery()],
        known: &[("source <1>".to_owned(), "letters".to_owned())],
        both_ways: &[],
        classes: &[],
        pairs: &[],
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
    // A line an element, so that changes can be read.
    without(&page, "<svg", "</svg>", "[picture]").replace("><", ">\n<")
}

#[test]
fn the_skeleton_of_a_page() {
    insta::assert_snapshot!(skeleton(&page_text()));
}

#[test]
fn nothing_is_fetched() {
    let page = page_text().replace("http://www.w3.org/2000/svg", "");
    for outside in [
        "http://",
        "https://",
        "<script",
        "<link",
        "@import",
        "url(",
        "src=\"/",
        "javascript:",
    ] {
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
    assert!(page.contains("source &lt;1&gt;") && page.contains("1 shot &amp; more"));
}

#[test]
fn the_first_screen_answers() {
    let page = page_text();
    let first = &page[..page.find("<nav>").unwrap()];
    for text in [
        "What leaked?",
        "80.0 %<small>[64.0, 96.0]</small>",
        "unmixing on weights",
        "What stopped it?",
        ">RHE<",
        "At what cost?",
        "no accuracy lost",
        "The strongest attack on each defence",
        "<img src=\"data:image/png;base64,",
        "A training image above its reconstruction, mean squared error 0.010, a success",
        "1 of 2 succeed (min-MSE at most 0.07)",
    ] {
        assert!(first.contains(text), "{text}");
    }
    let threat = &page[page.find("id=\"threat\"").unwrap()..];
    let threat = &threat[..threat.find("</section>").unwrap()];
    for text in [
        "secret key",
        "noise",
        "no queries",
        "heads trained on other examples",
    ] {
        assert!(threat.contains(text), "{text}");
    }
}

#[test]
fn every_figure_has_both_forms_its_numbers_and_its_files() {
    let rows = common::sweep();
    let drawn = figures(&rows, &common::curves(&rows));
    let page = page_text();
    assert!(drawn.len() >= 5);
    for figure in &drawn {
        let own = &page[page
            .find(&format!("<figure id=\"{}\">", figure.name))
            .unwrap()..];
        let own = &own[..own.find("</figure>").unwrap()];
        assert_eq!(own.matches("<svg").count(), 2, "{}", figure.name);
        assert_eq!(own.matches("<desc>").count(), 2, "{}", figure.name);
        assert!(own.contains("<tbody><tr>"), "{}", figure.name);
        for ending in ["csv", "svg", "png"] {
            let link = format!("href=\"figures/{}.{ending}\"", figure.name);
            assert!(own.contains(&link), "{link}");
        }
    }
}

#[test]
fn a_page_of_many_cells_stays_under_two_megabytes() {
    let mut rows = Vec::new();
    for head in ["linear", "mlp(8, relu)", "mlp(32, relu)"] {
        for attack in ["unmixing", "reconstructor", "membership", "labels+unmixing"] {
            rows.extend(common::sweep().into_iter().map(|row| report::ResultRow {
                head: head.to_owned(),
                attack: attack.to_owned(),
                ..row
            }));
        }
    }
    let mut curves = Vec::new();
    for row in &rows {
        let rates = (0..200).map(|at| 10_f64.powf(-4.0 + 4.0 * f64::from(at) / 199.0));
        curves.extend(rates.map(|fpr| report::RocRow {
            dataset: row.dataset.clone(),
            backbone: row.backbone.clone(),
            head: row.head.clone(),
            shots: row.shots,
            defence: row.defence.clone(),
            epsilon: row.epsilon,
            release: row.release.clone(),
            attack: row.attack.clone(),
            null: row.null.clone(),
            fpr,
            tpr: fpr.powf(0.3),
            tpr_fitted: Some(fpr.powf(0.28)),
            ..report::RocRow::default()
        }));
    }
    let noise = |seed: usize| -> Vec<f32> {
        let next = |at: &usize| (at * 7919 + seed * 104_729) % 256;
        (0..3072).map(|at| next(&at) as f32 / 128.0 - 1.0).collect()
    };
    let galleries: Vec<Gallery> = (0..rows.len())
        .map(|cell| Gallery {
            cell,
            pairs: (0..20)
                .map(|at| GridPair {
                    original: Raster::from_pixels(3, 32, 32, &noise(cell + at)),
                    reconstruction: Raster::from_pixels(3, 32, 32, &noise(cell + 2 * at)),
                    mse: 0.1,
                    success: true,
                })
                .collect(),
            ..common::gallery()
        })
        .collect();
    let drawn = figures(&rows, &curves);
    let page = render_html(&Page {
        results: &rows,
        figures: &drawn,
        galleries: &galleries,
        ..Page::default()
    })
    .unwrap();
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    assert!(page.contains("are shown; the others are in figures/"));
}

#[test]
fn every_image_has_its_alternative_and_every_link_its_target() {
    let page = page_text();
    assert_eq!(
        page.matches("<img ").count(),
        page.matches(" alt=\"A training image").count()
    );
    for link in page.split("href=\"#").skip(1) {
        let target = &link[..link.find('"').unwrap()];
        assert_eq!(
            page.matches(&format!("id=\"{target}\"")).count(),
            1,
            "{target}"
        );
    }
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
        "the client's inputs from the server",
        "91.2 % [90.5, 91.9]",
        "12.4 % [8.0, 19.0]",
        "91.6 MiB",
        "none",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(
        !render_html(&Page::default())
            .unwrap()
            .contains("id=\"both-ways")
    );
}

#[test]
fn attacks_on_the_same_victims_and_classes_have_sections() {
    let pair = PairRow {
        victims: 30,
        release_a: "weights".to_owned(),
        attack_a: "unmixing".to_owned(),
        release_b: "labels".to_owned(),
        attack_b: "labels+unmixing".to_owned(),
        queries_b: Some(20_000),
        tpr_at_fpr_1pct_a: Some(0.85),
        tpr_at_fpr_1pct_b: Some(0.84),
        difference_at_fpr_1pct: Some(0.01),
        difference_at_fpr_1pct_lo: Some(-0.02),
        difference_at_fpr_1pct_hi: Some(0.04),
        ..PairRow::default()
    };
    let class = |class: u64, tpr: Option<f64>| ClassRow {
        attack: "unmixing".to_owned(),
        release: "weights".to_owned(),
        null: "gaussian".to_owned(),
        shots: 1,
        class,
        tpr_at_fpr_1pct: tpr,
        tpr_at_fpr_1pct_lo: tpr.map(|it| it - 0.05),
        tpr_at_fpr_1pct_hi: tpr.map(|it| it + 0.05),
        ..ClassRow::default()
    };
    let page = render_html(&Page {
        pairs: &[pair],
        classes: &[class(0, Some(0.9)), class(7, Some(0.6)), class(8, None)],
        ..Page::default()
    })
    .unwrap();
    for text in [
        "<h2>Like with like</h2>",
        "labels+unmixing on labels, 20000 queries",
        "+1.0<small>[-2.0, +4.0]</small>",
        "<a href=\"pairs.csv\">",
        "<h2>Class by class</h2>",
        "unmixing, 1 shot",
        "null gaussian",
        "60.0 %<small>[55.0, 65.0]</small>",
        "<a href=\"classes.csv\">",
    ] {
        assert!(page.contains(text), "{text}");
    }
    let empty = render_html(&Page::default()).unwrap();
    assert!(!empty.contains("id=\"pairs\"") && !empty.contains("id=\"classes\""));
}
