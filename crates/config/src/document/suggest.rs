//! "Did you mean": the nearest of the words that were possible.

/// The candidate nearest to `word`, if one is near enough to be meant.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', ' ', '_'], "");
    let word = plain(word);
    let limit = 1 + word.chars().count() / 4;
    candidates
        .into_iter()
        .map(|candidate| (strsim::levenshtein(&word, &plain(candidate)), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let words = ["shots", "defence", "release", "attack"];
        assert_eq!(nearest("shot", words), Some("shots"));
        assert_eq!(nearest("defense", words), Some("defence"));
        assert_eq!(nearest("dp-sgd", ["none", "dp_sgd"]), Some("dp_sgd"));
        assert_eq!(nearest("banana", words), None);
    }
}
