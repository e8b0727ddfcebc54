//! Commands on the pages, as a shell reads them.

use std::path::Path;

use crate::pages::{in_folder, root};

/// Commands of a block, as a shell reads them: quotes, comments, lines that go on, several in a row; each
/// is a list of words.
pub fn commands(text: &str) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            _ if quote == Some(letter) => quote = None,
            _ if quote.is_some() => word.get_or_insert_default().push(letter),
            '\'' | '"' => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            '\\' if letters.peek() == Some(&'\n') => drop(letters.next()),
            '#' if word.is_none() => {
                while letters.peek().is_some_and(|next| *next != '\n') {
                    letters.next();
                }
            }
            _ if letter.is_whitespace() || ";|&".contains(letter) => {
                let command = all.last_mut().expect("never empty");
                command.extend(word.take());
                if !letter.is_whitespace() || letter == '\n' {
                    all.push(Vec::new());
                }
            }
            _ => word.get_or_insert_default().push(letter),
        }
    }
    all.last_mut().expect("never empty").extend(word);
    for words in &mut all {
        // Settings of the environment come before the command.
        let setting = |word: &String| word.contains('=') && !word.starts_with('-');
        let settings = words.iter().take_while(|word| setting(word)).count();
        words.drain(..settings);
    }
    all.retain(|words| !words.is_empty());
    all
}

/// The arguments of `harness`, where a command is that.
pub fn of_harness(words: &[String]) -> Option<&[String]> {
    let cargo = ["cargo", "run", "-p", "harness"];
    if words.starts_with(&cargo.map(str::to_owned)) {
        return match &words[cargo.len()..] {
            [features, _, dashes, rest @ ..] if features == "--features" && dashes == "--" => {
                Some(rest)
            }
            [dashes, rest @ ..] if dashes == "--" => Some(rest),
            _ => None,
        };
    }
    let name = words[0].rsplit('/').next();
    (name == Some("harness")).then(|| &words[1..])
}

/// Files that a name with a star stands for, below the root or, in `results`, below `stage`.
pub fn expanded(word: &str, stage: &Path) -> Vec<String> {
    if word == "results/*" {
        let entries = std::fs::read_dir(stage.join("results")).expect("results");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name())
            .map(|name| format!("results/{}", name.to_string_lossy()))
            .collect();
        names.sort();
        return names;
    }
    match word.strip_suffix("/*.yaml") {
        Some(folder) => in_folder(folder, "yaml")
            .iter()
            .map(|path| {
                path.strip_prefix(root())
                    .expect("below the root")
                    .display()
                    .to_string()
            })
            .collect(),
        None => vec![word.to_owned()],
    }
}
