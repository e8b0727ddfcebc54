//! A config, and an override of one.
#![no_main]

use libfuzzer_sys::fuzz_target;

const WHOLE: &str = include_str!("../../configs/quickstart.yaml");

fuzz_target!(|text: &str| {
    let path = std::path::Path::new("fuzz.yaml");
    if let Ok(experiment) = config::from_text(text, path, &[]) {
        // What checks can be written and read again.
        let resolved = config::to_yaml(&experiment).expect("an experiment is YAML");
        let again = config::from_text(&resolved, path, &[]).expect("and checks");
        assert_eq!(again, experiment);
    }
    let _ = config::from_text(WHOLE, path, &[text.to_owned()]);
});
