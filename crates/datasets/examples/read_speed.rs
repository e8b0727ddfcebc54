//! Reads the image sets under a data folder and prints how long each takes.

use std::path::PathBuf;
use std::time::Instant;

use datasets::{
    CifarLabels, Colour, IdxOptions, PictureOptions, read_cifar, read_class_archive, read_idx,
    read_labelled_archive, read_omniglot,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = PathBuf::from(std::env::args().nth(1).ok_or("usage: read_speed DATA")?);
    let begun = Instant::now();
    let set = read_idx(
        &data.join("mnist/train-images-idx3-ubyte.gz"),
        &data.join("mnist/train-labels-idx1-ubyte.gz"),
        IdxOptions::mnist(),
    )?;
    println!("mnist {} in {:?}", set.len(), begun.elapsed());
    let begun = Instant::now();
    let zips = [1, 2].map(|i| data.join(format!("omniglot/images_background_small{i}.zip")));
    let set = read_omniglot(&zips, 32)?;
    println!(
        "omniglot {} of {} in {:?}",
        set.len(),
        set.classes(),
        begun.elapsed()
    );
    let begun = Instant::now();
    let batches = [1, 2].map(|i| data.join(format!("cifar-10-batches-bin/data_batch_{i}.bin")));
    let set = read_cifar(&batches, CifarLabels::Ten)?;
    println!("cifar-10 {} in {:?}", set.len(), begun.elapsed());
    let begun = Instant::now();
    let options = PictureOptions {
        side: 32,
        colour: Colour::Rgb,
    };
    let tiny = data.join("tinyimagenet32/tinyimagenet32-first100classes.tar.xz");
    let set = read_class_archive(&tiny, "train", options)?;
    println!(
        "tiny imagenet {} of {} in {:?}",
        set.len(),
        set.classes(),
        begun.elapsed()
    );
    let begun = Instant::now();
    let options = PictureOptions {
        side: 64,
        colour: Colour::Rgb,
    };
    let set = read_labelled_archive(
        &data.join("celeba/celeba-first10000-89x109.zip"),
        &data.join("celeba/celeba-first10000-labels.csv"),
        "identity",
        options,
    )?;
    println!(
        "celeba {} of {} in {:?}",
        set.len(),
        set.classes(),
        begun.elapsed()
    );
    Ok(())
}
