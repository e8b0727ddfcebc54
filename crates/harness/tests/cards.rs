//! Training on a card: refused where there is none, and like the CPU's where there is one.

mod small;

use std::path::Path;
use std::process::Output;

use small::said;

fn harness(folder: &Path, arguments: &[&str]) -> Output {
    small::command(folder, arguments)
        .output()
        .expect("it starts")
}

#[test]
#[cfg(not(any(feature = "cuda", feature = "wgpu")))]
fn a_card_that_the_build_does_not_reach_is_refused_before_anything_runs() {
    let folder = small::folder("sweep: { shots: 1, attack: { unmixing: { samples: 1000 } } }");
    let before = small::files(folder.path());
    for card in ["cuda", "wgpu"] {
        let output = harness(folder.path(), &["small.yaml", "--device", card]);
        let message = said(&output);
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains(&format!("--features {card}")), "{message}");
        assert!(message.contains("\nhint: "), "{message}");
    }
    assert_eq!(small::files(folder.path()), before);
}

/// The mean error of each cell.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn errors(folder: &Path) -> Vec<f64> {
    let table = small::results(folder);
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let names = reader.headers().expect("a header").clone();
    let at = names.iter().position(|it| it == "mse").expect("a column");
    let rows = reader.records().map(|row| row.expect("a row"));
    rows.map(|row| row[at].parse().expect("a number")).collect()
}

#[test]
#[cfg(any(feature = "cuda", feature = "wgpu"))]
#[ignore = "needs a card, or a driver that stands in for one (Debian's mesa-vulkan-drivers)"]
fn a_card_trains_what_the_cpu_trains_and_the_two_are_not_mixed() {
    let card = if cfg!(feature = "wgpu") {
        "wgpu"
    } else {
        "cuda"
    };
    let options = "samples: 24_000, batch: 60, hidden: 64";
    let folder = small::folder(&format!(
        "sweep: {{ shots: 1, attack: [ reconstructor: {{ {options} }}, reconstructor: {{ {options}, scales: 2 }}, \
         reconstructor: {{ {options}, architecture: conv }} ] }}"
    ));
    let mut both = Vec::new();
    for device in ["cpu", card] {
        let output = harness(folder.path(), &["small.yaml", "-q", "--device", device]);
        assert!(output.status.success(), "{}", said(&output));
        both.push(errors(folder.path()));
        let provenance = small::table(folder.path(), "provenance.json");
        assert_eq!(
            provenance.contains(&format!("+{card}")),
            device == card,
            "{provenance}"
        );
        assert!(provenance.contains("\"cached\": 0"), "{provenance}");
    }
    assert_eq!(both[0].len(), 3);
    for (cpu, card) in both[0].iter().zip(&both[1]) {
        // An untrained network, whose images are all grey, is off by about 1.
        assert!(*cpu < 0.5, "{cpu}");
        assert!((cpu - card).abs() < 0.02 * cpu, "{cpu} {card}");
    }
}
