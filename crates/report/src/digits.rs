//! How numbers are written for readers.

/// A number as a reader wants it: at most four significant digits, no trailing zeros.
pub fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let size = value.abs().log10().floor();
    if !(-4.0..7.0).contains(&size) {
        return format!("{value:.0e}");
    }
    if size >= 4.0 {
        return thousands(value);
    }
    let digits = (3.0 - size).clamp(0.0, 8.0) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') {
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    text
}

/// A large number in groups of three digits, set apart by thin spaces.
fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::from(if value < 0.0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

/// Bytes with a unit: `412 B`, `160 KiB`, `96.1 MiB`.
pub fn byte_size(bytes: u64) -> String {
    let bytes = bytes as f64;
    let units = [(1048576.0, "MiB"), (1024.0, "KiB")];
    units
        .iter()
        .find(|(unit, _)| bytes >= *unit)
        .map_or(format!("{bytes} B"), |(unit, name)| {
            let value = bytes / unit;
            let digits = usize::from(value < 100.0);
            format!("{value:.digits$} {name}")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let cases = [
            (0.0, "0"),
            (0.5, "0.5"),
            (2.0, "2"),
            (0.001, "0.001"),
            (100.0 * 0.1, "10"),
            (1234.5, "1234"),
            (160.0, "160"),
            (12_345.6, "12\u{2009}346"),
            (1e-6, "1e-6"),
            (0.3 + 1e-12, "0.3"),
            (-20.0, "-20"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn sizes_have_units() {
        let cases = [
            (0, "0 B"),
            (512, "512 B"),
            (163_840, "160 KiB"),
            (100_000_000, "95.4 MiB"),
        ];
        for (bytes, text) in cases {
            assert_eq!(byte_size(bytes), text);
        }
    }
}
