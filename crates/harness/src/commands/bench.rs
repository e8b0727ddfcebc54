//! `harness bench`: speeds measured on this machine.

use std::fmt::Write as _;

use clap::ValueEnum as _;
use serde_json::{Value, json};
use spec::Instructions;

use crate::cli::{BenchArgs, BenchCase, BenchTarget};
use crate::error::HarnessError;
use crate::failure::Failure;
use crate::provenance::{COMMIT, peak_memory};

/// Shadow heads a timing.
const SHADOW_HEADS: usize = 8192;

/// Measures what is asked for (everything if nothing is): lines of text, or one JSON object.
///
/// # Errors
/// If something that is measured cannot run.
pub fn bench(args: &BenchArgs) -> Result<String, Failure> {
    let wanted = |target| args.target.is_none_or(|it| it == target);
    let mut all = serde_json::Map::new();
    all.insert("commit".into(), json!(COMMIT));
    all.insert("threads".into(), json!(rayon::current_num_threads()));
    if wanted(BenchTarget::Shadow) {
        let measured =
            transfer::bench::shadow(SHADOW_HEADS, 5, &[1, 2]).map_err(HarnessError::from)?;
        all.insert("shadow".into(), object(&measured));
    }
    if wanted(BenchTarget::Rhe) {
        all.insert("rhe".into(), object(&rhe::bench::run()?));
    }
    if wanted(BenchTarget::Cryptotl) {
        let measured = match args.case {
            Some(case) => vec![case_here(case)?],
            None => BenchCase::value_variants()
                .iter()
                .map(|&case| case_apart(case, args.processor.instructions))
                .collect::<Result<_, _>>()?,
        };
        all.insert("cryptotl".into(), Value::Array(measured));
    }
    if wanted(BenchTarget::Attack) {
        let measured = attacks::bench::run().map_err(HarnessError::from)?;
        all.insert("attack".into(), object(&measured));
    }
    all.insert("peak_memory_bytes".into(), json!(peak_memory()));
    let all = Value::Object(all);
    Ok(if args.json {
        format!("{all}\n")
    } else {
        let mut text = String::new();
        lines(&mut text, "", &all);
        text
    })
}

/// Measures one case in this process.
fn case_here(case: BenchCase) -> Result<Value, HarnessError> {
    let key = datasets::StreamKey::from_seed(2205);
    let cases = cryptotl::Bench::standard(3)?;
    let mut measured = object(&cryptotl::bench(&cases[case as usize], &key)?);
    measured["peak_memory_bytes"] = json!(peak_memory());
    Ok(measured)
}

/// Measures one case in a process of its own: memory is only then the case's and not what others
/// left behind.
fn case_apart(case: BenchCase, instructions: Option<Instructions>) -> Result<Value, HarnessError> {
    let name = case
        .to_possible_value()
        .map_or_else(String::new, |value| value.get_name().to_owned());
    let path = std::env::current_exe().unwrap_or_else(|_| "harness".into());
    let failed = |source| HarnessError::File {
        action: "run",
        path: path.clone(),
        source,
    };
    let output = std::process::Command::new(&path)
        .args(["bench", "cryptotl", "--json", "--case", &name])
        .args(instructions.map(|held| format!("--instructions={held}")))
        .output()
        .map_err(failed)?;
    let read: Option<Value> = serde_json::from_slice(&output.stdout).ok();
    read.and_then(|mut all| Some(all.get_mut("cryptotl")?.get_mut(0)?.take()))
        .filter(|_| output.status.success())
        .ok_or_else(|| {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            failed(std::io::Error::other(said))
        })
}

fn object(measured: &impl serde::Serialize) -> Value {
    serde_json::to_value(measured).expect("measurements have a JSON form")
}

/// One line a number: its path and its value.
fn lines(text: &mut String, path: &str, value: &Value) {
    let join = |key: &str| {
        if path.is_empty() {
            key.to_string()
        } else {
            format!("{path}.{key}")
        }
    };
    match value {
        Value::Object(map) => map
            .iter()
            .for_each(|(key, value)| lines(text, &join(key), value)),
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                lines(text, &join(&index.to_string()), value);
            }
        }
        Value::Number(number) => {
            let _ = match number.as_f64() {
                Some(value) if !number.is_u64() => writeln!(text, "{path:<52} {value:.4}"),
                _ => writeln!(text, "{path:<52} {number}"),
            };
        }
        Value::Null => {}
        other => {
            let _ = writeln!(text, "{path:<52} {other}");
        }
    }
}
