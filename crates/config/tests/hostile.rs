//! Configs made to take time or memory: an error, soon, and within bounds.

use std::path::Path;
use std::time::{Duration, Instant};

use config::from_text;

/// The error of a config, which must come soon: the texts here took from a minute to for ever when
/// keys were compared one with another, or memory without end when anchors were kept in copies.
fn refused(text: &str) -> String {
    let started = Instant::now();
    let error = from_text(text, Path::new("hostile.yaml"), &[])
        .expect_err("it is no experiment")
        .to_string();
    let took = started.elapsed();
    assert!(took < Duration::from_secs(15), "{took:?}: {error}");
    error
}

/// Most memory this process ever held, in MiB.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace()
        .nth(1)?
        .parse::<u64>()
        .ok()
        .map(|kib| kib >> 10)
}

#[test]
fn many_keys_take_linear_time() {
    let keys: String = (0..190_000).map(|i| format!("key_{i}: {i}\n")).collect();
    let error = refused(&keys);
    assert!(error.contains("`key_0`: unknown key"), "{error}");
    let whole_lines = keys[..100_000].rfind('\n').expect("lines") + 1;
    let twice = refused(&format!("{}key_7: again\n", &keys[..whole_lines]));
    assert!(twice.contains("written twice (first in line 8)"), "{twice}");
}

#[test]
fn anchors_and_aliases_are_bounded() {
    // .4 MB of values below forty anchors, one in the other.
    let mut nested: String = (0..40).map(|i| format!("&a{i} [")).collect();
    nested += &"1, ".repeat(130_000);
    nested += &"]".repeat(40);
    let error = refused(&format!("name: {nested}\n"));
    assert!(error.contains("more than 200000 values"), "{error}");
    // One long text, again and again.
    let long = format!(
        "a: &t {}\nb: [{}]\n",
        "x".repeat(300_000),
        "*t, ".repeat(20_000)
    );
    assert!(refused(&long).contains("MiB of text"));
    // Laughs.
    let mut laughs = "l0: &l0 [lol, lol]\n".to_owned();
    for i in 1..40 {
        laughs += &format!("l{i}: &l{i} [*l{}, *l{}]\n", i - 1, i - 1);
    }
    assert!(refused(&laughs).contains("values"));
    // Long keys, which every path below them would repeat.
    let wide = format!("{}: {{ {} }}\n", "k".repeat(1_000), "a: 1, ".repeat(1000));
    assert!(refused(&wide).contains("a key of 1000 bytes"));
    if let Some(peak) = peak() {
        assert!(peak < 300, "{peak} MiB");
    }
}
