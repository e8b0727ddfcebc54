//! Texts as vectors without a model or a vocabulary: hashed word and character n-grams.

use rayon::prelude::*;

/// Weights of the n-grams: a word has about a dozen pieces, so each counts less.
const WORD: f32 = 1.0;
const PAIR: f32 = 0.6;
const PIECE: f32 = 0.35;

/// Signed feature hashing (Weinberger et al. 2009) of words, pairs of words and the pieces of 3 to
/// 5 letters of each word.
///
/// An n-gram that occurs t times adds ±w (1 + ln t) at its place, place and sign both from a 64-bit
/// hash; the vector is then scaled to length 1. Nothing is learned from any text, so nothing about
/// one can leak through another's vector. A text without a letter, digit or mark is the zero vector.
///
/// ```
/// use datasets::HashingEmbedder;
/// let embedder = HashingEmbedder::default();
/// let mut vector = vec![0.0; embedder.width];
/// embedder.embed("Win a FREE phone!!", &mut vector);
/// assert!((vector.iter().map(|v| v * v).sum::<f32>() - 1.0).abs() < 1e-5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashingEmbedder {
    /// Length of a vector.
    pub width: usize,
}

impl Default for HashingEmbedder {
    /// 768 wide, as the sentence encoders of arXiv:2205.11935.
    fn default() -> Self {
        Self { width: 768 }
    }
}

impl HashingEmbedder {
    /// All texts, one row each, in parallel.
    pub fn embed_all(&self, texts: &[String]) -> Vec<f32> {
        let mut values = vec![0.0; texts.len() * self.width];
        if self.width > 0 {
            values
                .par_chunks_exact_mut(self.width)
                .zip(texts)
                .for_each(|(row, text)| self.embed(text, row));
        }
        values
    }

    /// Writes the vector of `text` to `out`.
    ///
    /// # Panics
    /// If `out` is empty.
    pub fn embed(&self, text: &str, out: &mut [f32]) {
        out.fill(0.0);
        let mut grams = Vec::new();
        collect(text, &mut grams);
        // Sorting brings equal n-grams together and fixes the order of the sums.
        grams.sort_unstable();
        for run in grams.chunk_by(|a, b| a == b) {
            let (hash, kind) = run[0];
            let weight = [WORD, PAIR, PIECE][usize::from(kind)];
            let value = weight * (1.0 + (run.len() as f32).ln());
            let place = (hash % out.len() as u64) as usize;
            out[place] += if hash >> 63 == 0 { value } else { -value };
        }
        let norm = out.iter().map(|v| v * v).sum::<f32>().sqrt();
        if norm > 0.0 {
            out.iter_mut().for_each(|v| *v /= norm);
        }
    }
}

/// The hash and the kind (word, pair, piece) of every n-gram.
fn collect(text: &str, grams: &mut Vec<(u64, u8)>) {
    let mut previous: Option<u64> = None;
    for token in tokens(text) {
        let word = hash(0, token.bytes());
        grams.push((word, 0));
        if let Some(previous) = previous {
            grams.push((hash(previous, token.bytes()), 1));
        }
        previous = Some(word);
        pieces(&token, grams);
    }
}

/// Pieces of 3 to 5 letters of `<token>`, so that beginnings and ends differ from middles.
fn pieces(token: &str, grams: &mut Vec<(u64, u8)>) {
    let letters: Vec<char> = std::iter::once('<')
        .chain(token.chars())
        .chain(std::iter::once('>'))
        .collect();
    // Longer "words" are noise; their pieces would drown the rest.
    if letters.len() > 42 {
        return;
    }
    let mut buffer = [0; 4];
    for length in 3..=5 {
        for window in letters.windows(length) {
            let mut state = 2;
            for letter in window {
                state = hash(state, letter.encode_utf8(&mut buffer).bytes());
            }
            grams.push((state, 2));
        }
    }
}

/// Lower-case words, numbers with every digit as 0 (their shape tells more than their value), and
/// runs of one mark (`!!` is another token than `!`).
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut last = ' ';
    for letter in text.chars() {
        let letter = if letter.is_ascii_digit() { '0' } else { letter };
        let word = letter.is_alphanumeric() || letter == '\'';
        let goes_on = if word {
            last.is_alphanumeric() || last == '\''
        } else {
            last == letter
        };
        if !letter.is_whitespace() {
            match tokens.last_mut() {
                Some(token) if goes_on => token.extend(letter.to_lowercase()),
                _ => tokens.push(letter.to_lowercase().collect()),
            }
        }
        last = letter;
    }
    tokens
}

/// FNV-1a over the bytes from `seed` on, then mixed so that all bits depend on all bytes
/// (the finaliser of MurmurHash3).
fn hash(seed: u64, bytes: impl Iterator<Item = u8>) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut state = bytes.fold(start, |state, byte| {
        (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    state = (state ^ (state >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    state = (state ^ (state >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    state ^ (state >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(text: &str) -> Vec<f32> {
        let mut out = vec![0.0; 768];
        HashingEmbedder::default().embed(text, &mut out);
        out
    }

    fn cosine(a: &str, b: &str) -> f32 {
        vector(a).iter().zip(vector(b)).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn tokens_are_words_shapes_of_numbers_and_marks() {
        assert_eq!(
            tokens("It's 9:45, CALL 0800-12 now!!! é"),
            [
                "it's", "0", ":", "00", ",", "call", "0000", "-", "00", "now", "!!!", "é"
            ]
        );
        assert!(tokens(" \t\n").is_empty());
    }

    #[test]
    fn like_texts_are_near_and_unlike_ones_far() {
        let near = cosine(
            "please subscribe to my channel",
            "subscribe to my channels pls",
        );
        let far = cosine(
            "please subscribe to my channel",
            "what a lovely sunny afternoon",
        );
        assert!(near > 0.5 && far.abs() < 0.2, "near {near}, far {far}");
        assert!((cosine("same words", "same words") - 1.0).abs() < 1e-5);
        assert_eq!(vector(""), vec![0.0; 768]);
    }

    /// Unrelated texts: the mean cosine is 0 and its variance about 1/768, as hashing promises.
    #[test]
    fn hashing_is_unbiased() {
        let word = |i: usize| {
            format!(
                "{}x{}",
                char::from(b'a' + (i % 26) as u8),
                "q".repeat(i / 26)
            )
        };
        let words: Vec<String> = (0..200).map(word).collect();
        let cosines: Vec<f64> = (0..words.len())
            .flat_map(|i| (0..i).map(move |j| (i, j)))
            .filter(|&(i, j)| i % 26 != j % 26 && i / 26 != j / 26)
            .map(|(i, j)| f64::from(cosine(&words[i][..1], &words[j][1..])))
            .collect();
        let n = cosines.len() as f64;
        let mean = cosines.iter().sum::<f64>() / n;
        assert!(mean.abs() < 0.05, "mean cosine {mean} over {n} pairs");
    }
}
