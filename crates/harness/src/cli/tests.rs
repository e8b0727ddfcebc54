use std::path::Path;

use clap::CommandFactory;

use super::*;

fn read(line: &str) -> Result<Cli, clap::Error> {
    Cli::read(line.split_whitespace().map(Into::into))
}

fn configs(line: &str) -> Vec<String> {
    match read(line).expect("it is a command").command {
        Command::Run(args) => args
            .configs
            .configs
            .iter()
            .map(|path| path.display().to_string())
            .collect(),
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn configs_alone_are_run() {
    assert_eq!(configs("harness a.yaml b.yaml"), ["a.yaml", "b.yaml"]);
    assert_eq!(configs("harness run a.yaml"), ["a.yaml"]);
    assert_eq!(
        configs("harness --results out --quiet a.yaml --jobs 2"),
        ["a.yaml"]
    );
    assert_eq!(configs("harness --results=out run a.yaml"), ["a.yaml"]);
    assert_eq!(configs("harness --set sweep.shots=1 a.yaml"), ["a.yaml"]);
    assert_eq!(configs("harness -- plan"), ["plan"]);
}

#[test]
fn other_commands_stay_themselves() {
    assert!(matches!(
        read("harness plan a.yaml").expect("plan").command,
        Command::Plan(_)
    ));
    assert!(matches!(
        read("harness --data d data verify mnist")
            .expect("data")
            .command,
        Command::Data(DataCommand::Verify { .. })
    ));
    assert!(matches!(
        read("harness schema").expect("schema").command,
        Command::Schema(SchemaArgs {
            markdown: false,
            columns: false
        })
    ));
    assert!(matches!(
        read("harness bench shadow --json").expect("bench").command,
        Command::Bench(BenchArgs {
            target: Some(BenchTarget::Shadow),
            case: None,
            json: true,
            ..
        })
    ));
    assert!(matches!(
        read("harness bench cryptotl --case fast-full")
            .expect("bench")
            .command,
        Command::Bench(BenchArgs {
            target: Some(BenchTarget::Cryptotl),
            case: Some(BenchCase::FastFull),
            json: false,
            ..
        })
    ));
}

#[test]
fn commands_that_compute_are_held_to_instructions() {
    for line in [
        "harness a.yaml --instructions avx2",
        "harness --instructions avx2 a.yaml",
        "harness run --shard 1/2 --instructions=avx2 a.yaml",
        "harness merge a.yaml --instructions avx2",
        "harness plan a.yaml --instructions avx2",
        "harness audit a.yaml --instructions avx2",
        "harness bench shadow --instructions avx2",
    ] {
        let cli = read(line).expect("it is a command");
        assert_eq!(cli.instructions(), Some(Instructions::Avx2), "{line}");
    }
    // The jobs are held, not what queues them.
    let queued = read("harness slurm a.yaml --instructions avx2").expect("it is a command");
    assert_eq!(queued.instructions(), None);
    assert!(read("harness a.yaml --instructions mmx").is_err());
    // Another option of the same name: that of what the cache holds.
    assert!(read("harness cache prune --instructions mmx").is_ok());
}

#[test]
fn common_options_work_before_and_after_the_command() {
    for line in [
        "harness --cache c --fail-fast run a.yaml",
        "harness run a.yaml --cache c --fail-fast",
        "harness a.yaml --fail-fast --cache c",
    ] {
        let options = read(line).expect("it is a command").options;
        assert_eq!(
            (options.cache.as_path(), options.fail_fast),
            (Path::new("c"), true),
            "{line}"
        );
        assert_eq!(options.results, Path::new("results"), "{line}");
    }
}

#[test]
fn wrong_lines_end_with_code_two() {
    for line in [
        "harness",
        "harness run",
        "harness plan",
        "harness --jobs 0 a.yaml",
        "harness --nonsense a.yaml",
        "harness check results",
        "harness bench everything",
        "harness bench cryptotl --case slow",
        "harness privacy epsilon --noise-multiplier 1",
        "harness privacy noise --epsilon many --sample-rate 1 --steps 1 --delta 0.1",
        "harness rhe protect --head h.safetensors --key k --out o --weight-bits 40",
    ] {
        assert_eq!(read(line).expect_err(line).exit_code(), 2, "{line}");
    }
    assert_eq!(read("harness --help").expect_err("help").exit_code(), 0);
}
