//! What counts of a source file: its tokens, without comments, documentation and test modules.

use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The tokens of a Rust file that decide what its code does, one a line; the text itself where it is
/// no Rust. Formatting, comments, documentation and `#[cfg(test)]` modules leave no trace.
pub fn meaning(source: &str) -> String {
    match TokenStream::from_str(source) {
        Ok(tokens) => {
            let mut out = String::with_capacity(source.len());
            write(tokens, &mut out);
            out
        }
        Err(_) => source.to_owned(),
    }
}

fn write(tokens: TokenStream, out: &mut String) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        at += match skipped(&tokens[at..]) {
            0 => {
                token(&tokens[at], out);
                1
            }
            skipped => skipped,
        };
    }
}

fn token(token: &TokenTree, out: &mut String) {
    match token {
        TokenTree::Group(group) => {
            let (open, close) = match group.delimiter() {
                Delimiter::Parenthesis => ("(", ")"),
                Delimiter::Brace => ("{", "}"),
                Delimiter::Bracket => ("[", "]"),
                Delimiter::None => ("", ""),
            };
            out.push_str(open);
            out.push('\n');
            write(group.stream(), out);
            out.push_str(close);
        }
        other => out.push_str(&other.to_string()),
    }
    out.push('\n');
}

/// How many tokens from the start on are an attribute of documentation, or a module of tests.
fn skipped(tokens: &[TokenTree]) -> usize {
    let Some((attribute, length)) = attribute(tokens) else {
        return 0;
    };
    if attribute.starts_with("doc") {
        return length;
    }
    if attribute.replace(' ', "") != "cfg(test)" {
        return 0;
    }
    let mut at = length;
    while let Some((_, length)) = self::attribute(&tokens[at..]) {
        at += length;
    }
    let word = |at: usize, word: &str| tokens.get(at).is_some_and(|it| it.to_string() == word);
    if word(at, "pub") {
        at += 1;
    }
    // `mod name { .. }` or `mod name;`
    match (word(at, "mod"), tokens.get(at + 2)) {
        (true, Some(TokenTree::Group(_))) => at + 3,
        (true, Some(TokenTree::Punct(_))) => at + 3,
        _ => 0,
    }
}

/// The text of an attribute that stands here, and its number of tokens.
fn attribute(tokens: &[TokenTree]) -> Option<(String, usize)> {
    let is = |at: usize, sign: char| match tokens.get(at) {
        Some(TokenTree::Punct(punct)) => punct.as_char() == sign,
        _ => false,
    };
    if !is(0, '#') {
        return None;
    }
    let at = if is(1, '!') { 2 } else { 1 };
    match tokens.get(at) {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => {
            Some((group.stream().to_string(), at + 1))
        }
        _ => None,
    }
}
