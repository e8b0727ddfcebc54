//! The `harness` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    harness::app::main(std::env::args_os()).into()
}
