use std::path::Path;
use datasets::*;
pub fn mix(sets: &[ImageSet]) -> ImageSet {
    let shape = sets[0].shape();
    let (mut px, mut lb, mut off) = (vec![], vec![], 0);
    for s in sets {
        px.extend_from_slice(s.pixels());
        lb.extend(s.labels().iter().map(|l| l + off));
        off += s.classes() as u32;
    }
    ImageSet::new(shape, px, lb, off as usize).unwrap()
}
pub fn idx(dir: &str, p: &str) -> ImageSet {
    let d = Path::new("/work/shared/data").join(dir);
    read_idx(&d.join(format!("{p}-images-idx3-ubyte.gz")), &d.join(format!("{p}-labels-idx1-ubyte.gz")), IdxOptions::mnist()).unwrap()
}
pub fn mnist() -> ImageSet {
    let (a, b) = (idx("mnist", "train"), idx("mnist", "t10k"));
    let mut px = a.pixels().to_vec(); px.extend_from_slice(b.pixels());
    let mut lb = a.labels().to_vec(); lb.extend_from_slice(b.labels());
    ImageSet::new(a.shape(), px, lb, 10).unwrap()
}
pub fn source() -> ImageSet {
    let n = idx("notmnist", "t10k");
    let o = Path::new("/work/shared/data/omniglot");
    let om = read_omniglot(&[o.join("images_background_small1.zip"), o.join("images_background_small2.zip")], 32).unwrap();
    eprintln!("notmnist {} omniglot {} classes {}", n.len(), om.len(), om.classes());
    mix(&[om, n])
}
