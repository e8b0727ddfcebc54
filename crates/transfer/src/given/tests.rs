use safetensors::tensor::{Dtype, TensorView, serialize};

use super::*;

/// 12 examples of 3 classes, of which all but the last 3 are public.
fn labels() -> Vec<u32> {
    (0..12).map(|i| i % 3).collect()
}

fn public() -> Pool {
    Pool::new(&labels(), 3, 0..9)
}

fn write(folder: &tempfile::TempDir, tensors: &[(&str, Dtype, Vec<usize>, Vec<u8>)]) -> PathBuf {
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        (
            *name,
            TensorView::new(*dtype, shape.clone(), bytes).unwrap(),
        )
    });
    let path = folder.path().join("shadows.safetensors");
    std::fs::write(&path, serialize(views, None).unwrap()).unwrap();
    path
}

fn floats(count: usize) -> Vec<u8> {
    (0..count).flat_map(|i| (i as f32).to_le_bytes()).collect()
}

/// Head s was trained on examples 3 s mod 9 and the two after it, listed backwards.
fn members(heads: usize) -> Vec<u8> {
    let rows = (0..heads).flat_map(|head| [2, 1, 0].map(|i| (3 * head % 9 + i) as i64));
    rows.flat_map(i64::to_le_bytes).collect()
}

type Tensor = (&'static str, Dtype, Vec<usize>, Vec<u8>);

/// 600 linear heads 4 → 3.
fn good() -> Vec<Tensor> {
    vec![
        ("weight", Dtype::F32, vec![600, 3, 4], floats(7200)),
        ("bias", Dtype::F32, vec![600, 3], floats(1800)),
        ("members", Dtype::I64, vec![600, 3], members(600)),
    ]
}

fn load(tensors: &[Tensor]) -> Result<GivenHeads, TransferError> {
    let folder = tempfile::tempdir().unwrap();
    let path = write(&folder, tensors);
    GivenHeads::load(&path, HeadShape::linear(4, 3), 1, &labels(), &public())
}

#[test]
fn heads_come_with_their_training_sets_class_by_class() {
    let heads = load(&good()).unwrap();
    assert_eq!(
        (heads.len(), heads.part_len(true), heads.part_len(false)),
        (600, 120, 480)
    );
    let mut batch = heads.batch(3);
    heads.fill(0, true, &mut batch);
    // Heads 0, 5 and 10.
    assert_eq!(batch.head(1)[..5], [60.0, 61.0, 62.0, 63.0, 15.0]);
    assert_eq!(batch.members(1), [6, 7, 8]);
    heads.fill(3, false, &mut batch);
    // Heads 4, 6 and 7.
    assert_eq!([0, 1, 2].map(|i| batch.head(i)[0]), [48.0, 72.0, 84.0]);
    assert_eq!(batch.members(0), [3, 4, 5]);
    heads.fill(479, false, &mut batch);
    assert_eq!([0, 1].map(|i| batch.head(i)[0]), [599.0 * 12.0, 12.0]);
    let flat = [
        ("weights", Dtype::F32, vec![600, 3, 5], floats(9000)),
        good().remove(2),
    ];
    let flat = load(&flat).unwrap();
    let mut batch = flat.batch(1);
    flat.fill(0, false, &mut batch);
    assert_eq!(batch.head(0)[..2], [15.0, 16.0]);
}

#[test]
fn no_head_is_both_kept_and_for_fits() {
    let heads = load(&good()).unwrap();
    let first = |kept: bool| -> Vec<u32> {
        let mut batch = heads.batch(heads.part_len(kept));
        heads.fill(0, kept, &mut batch);
        (0..batch.len())
            .map(|i| batch.head(i)[0] as u32 / 12)
            .collect()
    };
    let mut all = [first(true), first(false)].concat();
    all.sort_unstable();
    assert_eq!(all, (0..600).collect::<Vec<_>>());
}

#[test]
fn files_that_do_not_fit_are_refused_by_what_is_wrong() {
    let with = |at: usize, tensor: Tensor| {
        let mut tensors = good();
        tensors[at] = tensor;
        load(&tensors).unwrap_err().to_string()
    };
    let says = |refused: String, words: &[&str]| {
        for word in words {
            assert!(refused.contains(word), "`{word}` is not in: {refused}");
        }
    };
    says(
        with(0, ("weight", Dtype::F32, vec![600, 4, 3], floats(7200))),
        &["600 x 4 x 3", "S x 3 x 4"],
    );
    says(
        with(0, ("w", Dtype::F32, vec![600, 3, 4], floats(7200))),
        &["no tensor `weights`", "bias, members, w"],
    );
    says(
        with(0, ("weight", Dtype::I32, vec![600, 3, 4], floats(7200))),
        &["`weight`", "I32"],
    );
    says(
        with(1, ("bias", Dtype::F32, vec![600, 2], floats(1200))),
        &["`bias`", "600 x 3"],
    );
    says(
        with(2, ("members", Dtype::I64, vec![300, 6], members(600))),
        &["`members`", "600 x 3"],
    );
    says(
        with(2, ("members", Dtype::F32, vec![600, 3], floats(1800))),
        &["F32", "I64"],
    );
    let one = |number: i64| {
        let mut bytes = members(600);
        bytes[24 * 17..][..8].copy_from_slice(&number.to_le_bytes());
        with(2, ("members", Dtype::I64, vec![600, 3], bytes))
    };
    says(one(-1), &["head 17", "row numbers"]);
    says(one(12), &["head 17", "example 12", "has 12"]);
    says(one(11), &["head 17", "example 11", "not among the public"]);
    says(one(3), &["head 17", "2 examples of class 0", "expected 1"]);
    let mut endless = floats(7200);
    endless[4 * 30..][..4].copy_from_slice(&f32::NAN.to_le_bytes());
    says(
        with(0, ("weight", Dtype::F32, vec![600, 3, 4], endless)),
        &["head 2", "not finite"],
    );
    let few = [
        ("weight", Dtype::F32, vec![20, 3, 4], floats(240)),
        ("members", Dtype::I64, vec![20, 3], members(20)),
    ];
    says(load(&few).unwrap_err().to_string(), &["20 heads", "500"]);

    let folder = tempfile::tempdir().unwrap();
    let path = write(&folder, &good());
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let cut = GivenHeads::load(&path, HeadShape::linear(4, 3), 1, &labels(), &public());
    says(
        cut.unwrap_err().to_string(),
        &["shadows.safetensors", "whole"],
    );
}
