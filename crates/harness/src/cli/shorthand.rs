//! `harness CONFIG...` for `harness run CONFIG...`.

use std::ffi::OsString;

use clap::CommandFactory;

use super::Cli;

/// The arguments with `run` put in, where the first word is not a command.
pub fn with_run(mut args: Vec<OsString>) -> Vec<OsString> {
    if starts_with_config(&args) {
        args.insert(1, "run".into());
    }
    args
}

/// Whether the first argument that is neither an option nor an option's value is not a command.
fn starts_with_config(args: &[OsString]) -> bool {
    let valued = valued_options();
    let mut rest = args.iter().skip(1);
    while let Some(arg) = rest.next() {
        let text = arg.to_string_lossy();
        if text == "--" {
            return rest.next().is_some();
        }
        if valued.iter().any(|name| *name == text) {
            rest.next();
        } else if !(text.starts_with('-') && text.len() > 1) {
            return !is_command(arg);
        }
    }
    false
}

/// Common options whose value is an argument of its own.
fn valued_options() -> Vec<String> {
    Cli::command()
        .get_arguments()
        .filter(|option| option.get_action().takes_values())
        .filter_map(|option| option.get_long())
        .map(|long| format!("--{long}"))
        .collect()
}

fn is_command(word: &OsString) -> bool {
    word == "help"
        || Cli::command()
            .get_subcommands()
            .any(|command| word == command.get_name())
}
