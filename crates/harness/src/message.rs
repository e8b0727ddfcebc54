//! What the command says: answers on standard output, errors on standard error.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};

use datasets::printable;

/// Writes an answer to standard output. A reader that stopped reading (`harness schema | head`)
/// is no failure.
///
/// # Errors
/// If standard output cannot be written for another reason, such as a full disk.
pub fn answer(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Prints an error and its hints; in colour on a terminal, unless `NO_COLOR` is set.
pub fn error(message: &dyn Display) {
    say("error", "31", message);
}

/// Prints what is no error and should be known.
pub fn warning(message: &dyn Display) {
    say("warning", "33", message);
}

/// Writes a line of progress to standard error. A reader that stopped reading
/// (`harness … 2>&1 | head`) does not end the work.
pub fn line(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", printable(text));
}

fn say(word: &str, code: &str, message: &dyn Display) {
    let stderr = io::stderr();
    let colour =
        stderr.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    // There is nobody left to tell that standard error is closed.
    let _ = stderr
        .lock()
        .write_all(render(word, code, &message.to_string(), colour).as_bytes());
}

/// `error: …`, then the message's `hint: …` lines.
fn render(word: &str, code: &str, message: &str, colour: bool) -> String {
    let tint = |word: &str, code: &str| {
        if colour {
            format!("\x1b[1;{code}m{word}\x1b[0m")
        } else {
            word.to_owned()
        }
    };
    let mut out = format!("{} ", tint(&format!("{word}:"), code));
    for (place, line) in printable(message).lines().enumerate() {
        if place > 0 {
            out.push('\n');
        }
        match line.strip_prefix("hint:") {
            Some(rest) => out += &format!("{}{rest}", tint("hint:", "36")),
            None => out += line,
        }
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_on_lines_of_their_own() {
        let message = "a.yaml:3:1: `victims`: found 0\nhint: write a number";
        assert_eq!(
            render("error", "31", message, false),
            "error: a.yaml:3:1: `victims`: found 0\nhint: write a number\n"
        );
        assert_eq!(
            render("error", "31", "\x1b[2Jx\rhint: y", false),
            "error: \\u{1b}[2Jx\\rhint: y\n"
        );
        let coloured = render("error", "31", message, true);
        assert!(
            coloured.starts_with("\x1b[1;31merror:\x1b[0m a.yaml"),
            "{coloured:?}"
        );
        assert!(
            coloured.contains("\n\x1b[1;36mhint:\x1b[0m write"),
            "{coloured:?}"
        );
    }
}
