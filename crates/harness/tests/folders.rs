//! Experiments on folders of pictures: one person against others, and sources that are not apart from
//! the target.

mod small;

use std::path::Path;

const CONFIG: &str = "
name: small
seed: 7
data:
  source: { strokes: { classes: letters, images: 520 } }
  target: { image_folder: { path: people, side: 32, colour: grey } }
  task: { person: { others: 3 } }
backbone: { vgg_tiny: { width: 2, features: 32, epochs: 1 } }
head: { mlp: { hidden: 4, activation: relu } }
recipe: { preset: celeba }
victims: 12
nulls: 1000
sweep: { shots: 1, attack: { reconstructor: { samples: 2048, hidden: 32, scales: 2 } }, null: [independent, gaussian] }
";

/// So many pictures of so many people: a bar whose place is the person's, whose height is not.
fn draw(folder: &Path, people: u32, pictures: u32) {
    for person in 0..people {
        let own = folder.join(format!("people/{person:02}"));
        std::fs::create_dir_all(&own).unwrap();
        for picture in 0..pictures {
            let at = |x: u32, y: u32| {
                let bar = (x + person) % 16 < 3 && y > 4 + (person * 7 + picture * 11) % 27;
                if bar { 220 } else { 30 + (person % 7) as u8 }
            };
            let mut bytes = b"P5 32 32 255\n".to_vec();
            bytes.extend((0..32).flat_map(|y| (0..32).map(move |x| at(x, y))));
            std::fs::write(own.join(format!("{picture}.pgm")), bytes).unwrap();
        }
    }
}

#[test]
fn one_person_is_told_from_others_and_attacked() {
    let folder = tempfile::tempdir().unwrap();
    draw(folder.path(), 60, 2);
    std::fs::write(folder.path().join("small.yaml"), CONFIG).unwrap();
    let mut run = small::command(folder.path(), &["small.yaml", "-q", "--data", "."]);
    let output = run.output().unwrap();
    assert!(output.status.success(), "{}", small::said(&output));
    let table = small::results(folder.path());
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let names = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2);
    for row in &rows {
        let value = |name: &str| &row[names.iter().position(|it| it == name).unwrap()];
        assert_eq!(value("n"), "4", "one person and three others");
        assert_eq!(value("error"), "");
        let number = |name: &str| value(name).parse::<f64>().unwrap();
        assert!((0.0..=1.0).contains(&number("accuracy")));
        assert!((0.0..=1.0).contains(&number("tpr_at_fpr_1pct")));
    }
}

#[test]
fn a_source_with_private_images_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    draw(folder.path(), 4, 30);
    let target = "{ image_folder: { path: people, side: 32, colour: grey } }";
    let config = format!(
        "name: small\ndata: {{ source: {target}, target: {target} }}\n\
         backbone: {{ vgg_tiny: {{ width: 2, features: 32, epochs: 1 }} }}\n\
         sweep: {{ shots: 1, attack: [unmixing] }}\n"
    );
    std::fs::write(folder.path().join("small.yaml"), config).unwrap();
    let mut run = small::command(folder.path(), &["small.yaml", "-q", "--data", "."]);
    let output = run.output().unwrap();
    let said = small::said(&output);
    assert!(!output.status.success());
    assert!(
        said.contains("data.source") && said.contains("120 of its 120 images"),
        "{said}"
    );
}
