//! Numbers and truth values as they are written in a config.

/// A whole number; underscores may part its digits: `2_000_000`.
pub fn integer(text: &str) -> Option<i128> {
    digits(text)?.parse().ok()
}

/// A finite number: `0.5`, `1e-5`, `2_000`.
pub fn real(text: &str) -> Option<f64> {
    let text = digits(text)?;
    // Rust also reads `inf` and `nan`, which no key of a config can use.
    if text
        .bytes()
        .any(|byte| byte.is_ascii_alphabetic() && !matches!(byte, b'e' | b'E'))
    {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// `true` or `false`.
pub fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// The text without the underscores between digits; none if one stands elsewhere.
fn digits(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let between = |at: usize| {
        at > 0
            && bytes[at - 1].is_ascii_digit()
            && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
    };
    let stray = bytes
        .iter()
        .enumerate()
        .any(|(at, byte)| *byte == b'_' && !between(at));
    (!stray).then(|| text.replace('_', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn underscores_part_digits_only() {
        assert_eq!(integer("2_000_000"), Some(2_000_000));
        assert_eq!(integer("-3"), Some(-3));
        for bad in ["_2", "2_", "2__0", "2.5", "two", "", "1e6"] {
            assert_eq!(integer(bad), None, "{bad}");
        }
        assert_eq!(real("1_000.5"), Some(1000.5));
        assert_eq!(real("1e-5"), Some(1e-5));
        for bad in ["nan", "inf", "infinity", "-.inf", "1e999", "0x10", "_1"] {
            assert_eq!(real(bad), None, "{bad}");
        }
    }
}
