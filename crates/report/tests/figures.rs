//! Pictures: which there are, that they stay within their frame, and that they are whole files.

mod common;

use report::{
    Figure, GridPair, Raster, ScoreSample, both_ways, figures, histograms, reconstruction_grid,
};

fn every_figure() -> Vec<Figure> {
    let mut rows = common::sweep();
    rows.extend(common::black_box());
    let curves = common::curves(&common::sweep());
    let mut all = figures(&rows, &curves);
    let scores = |shift: f64| (1..200).map(|i| shift + f64::from(i) / 400.0).collect();
    let sample = ScoreSample {
        label: "1 shot".to_owned(),
        victims: scores(0.0),
        null: scores(0.3),
        tau: Some(0.0696),
        threshold: Some(0.31),
    };
    all.extend(histograms(&[sample]));
    let pair = |success| GridPair {
        original: Raster::from_pixels(1, 4, 4, &[0.5; 16]),
        reconstruction: Raster::from_pixels(1, 4, 4, &[-0.5; 16]),
        mse: 1.0,
        success,
    };
    let pairs = [pair(true), pair(false), pair(true)];
    all.extend(reconstruction_grid(
        "grid",
        "Three pairs",
        "MSE at most 2",
        &pairs,
        2,
    ));
    all.extend(both_ways(&common::both_ways()));
    all
}

#[test]
fn a_whole_sweep_gives_every_figure() {
    let names: Vec<String> = every_figure()
        .into_iter()
        .map(|figure| figure.name)
        .collect();
    let expected = [
        "trade-off",
        "roc",
        "shots",
        "epsilon",
        "crossover",
        "measured-epsilon",
        "queries",
        "min-mse",
        "grid",
        "both-ways",
    ];
    assert_eq!(names, expected);
}

#[test]
fn rows_without_the_data_give_no_figure() {
    assert!(figures(&[], &[]).is_empty());
    let one = common::row(1, "none", None, 0.5, 0.5);
    assert!(figures(&[one], &[]).is_empty());
    let mut failed = common::sweep();
    for row in &mut failed {
        row.error = "failed".to_owned();
    }
    assert!(
        figures(&failed, &[]).is_empty(),
        "failed cells are not drawn"
    );
}

#[test]
fn figures_are_whole_files_and_the_same_each_time() {
    let folder = tempfile::tempdir().unwrap();
    for figure in every_figure() {
        let svg = figure.svg().unwrap();
        assert!(
            svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"),
            "{}",
            figure.name
        );
        assert_eq!(svg.matches("<svg").count(), 1);
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        assert_eq!(svg, figure.svg().unwrap());
        let [svg_path, png_path, csv_path] = figure.write(folder.path()).unwrap();
        let numbers = std::fs::read_to_string(csv_path).unwrap();
        assert!(numbers.lines().count() > 1, "{}: {numbers}", figure.name);
        assert_eq!(std::fs::read_to_string(svg_path).unwrap(), svg);
        let png = image::open(png_path).unwrap();
        let twice = |points: f64| (2.0 * points).round();
        assert!((f64::from(png.width()) - twice(figure.scene.width)).abs() <= 1.0);
        assert!((f64::from(png.height()) - twice(figure.scene.height)).abs() <= 1.0);
    }
}

#[test]
fn questions_are_asked_once_whatever_differs_beside_them() {
    let mut rows = common::sweep();
    let more: Vec<_> = rows
        .iter()
        .flat_map(|row| {
            ["reconstructor", "membership"].map(|attack| report::ResultRow {
                attack: attack.to_owned(),
                ..row.clone()
            })
        })
        .collect();
    rows.extend(more);
    let mut curves = common::curves(&rows);
    let other: Vec<_> = curves
        .iter()
        .map(|row| report::RocRow {
            head: "mlp(8, relu)".to_owned(),
            ..row.clone()
        })
        .collect();
    curves.extend(other);
    let names: Vec<String> = figures(&rows, &curves)
        .into_iter()
        .map(|it| it.name)
        .collect();
    let mut once = names.clone();
    once.dedup();
    assert_eq!(names, once);
    assert!(names.contains(&"epsilon".to_owned()) && names.contains(&"roc".to_owned()));
}

#[test]
fn phones_have_figures_of_their_own() {
    for figure in every_figure() {
        let Some(narrow) = &figure.narrow else {
            assert_eq!(figure.name, "grid");
            continue;
        };
        assert!(narrow.width <= 360.0, "{}: {}", figure.name, narrow.width);
        assert!(figure.scene.width > narrow.width);
        let svg = figure.narrow_svg().unwrap().unwrap();
        assert!(svg.contains("<desc>") && svg.contains(&figure.title[..10]));
    }
}

#[test]
fn nothing_is_drawn_outside_the_picture() {
    for figure in every_figure() {
        let wide = (figure.svg().unwrap(), &figure.scene);
        let narrow = figure.narrow.as_ref();
        let narrow = narrow.map(|scene| (figure.narrow_svg().unwrap().unwrap(), scene));
        for (svg, scene) in [Some(wide), narrow].into_iter().flatten() {
            within(&figure.name, &svg, scene);
        }
    }
}

fn within(name: &str, svg: &str, scene: &report::Scene) {
    let (width, height) = (4.0 * scene.width, 4.0 * scene.height);
    let number = |element: &str, name: &str| -> Option<f64> {
        let start = element.find(&format!(" {name}=\""))? + name.len() + 3;
        let end = element[start..].find('"')?;
        element[start..start + end].parse().ok()
    };
    for element in svg.split('<') {
        let lines = element.split(" points=\"").skip(1);
        for points in lines.chain(element.split(" d=\"").skip(1)) {
            let points = points.split('"').next().unwrap();
            let points = points.split(|c: char| c == 'M' || c.is_whitespace());
            for point in points.filter(|point| !point.is_empty()) {
                let (x, y) = point.split_once(',').unwrap();
                let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
                let inside = (0.0..=width).contains(&x) && (0.0..=height).contains(&y);
                assert!(inside, "{name}: {element}");
            }
        }
        for (part, limit) in [("x", width), ("cx", width), ("y", height), ("cy", height)] {
            if let Some(value) = number(element, part) {
                assert!((-1.0..=limit + 1.0).contains(&value), "{name}: {element}");
            }
        }
    }
}
