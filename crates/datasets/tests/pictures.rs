//! Pictures: whole or refused, transparent parts composed, every format, large ones one at a time.

mod support;

use std::io::Cursor;

use datasets::*;
use image::{DynamicImage, ImageFormat};
use support::*;

const OWN32: PictureOptions = PictureOptions {
    side: 32,
    colour: None,
};

/// A drawing with something in every block.
fn drawing(side: u32) -> image::RgbImage {
    image::RgbImage::from_fn(side, side, |x, y| {
        let wave = |a: u32, b: u32| ((x * a + y * b) as f32 * 0.05).sin();
        let level = |wave: f32| (127.5 + 120.0 * wave) as u8;
        image::Rgb([level(wave(7, 3)), level(wave(2, 9)), level(wave(5, 5))])
    })
}

fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.into().write_to(&mut out, format).unwrap();
    out.into_inner()
}

/// Reads a folder of two classes, in which the picture `name` is `bytes`.
fn read(
    name: &str,
    bytes: &[u8],
    options: PictureOptions,
) -> (Result<ImageSet, DatasetError>, Reading) {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), &format!("a/{name}"), bytes);
    put(folder.path(), "b/plain.png", png(32, 4, 0));
    let mut reading = Reading::default();
    (
        read_class_folders(folder.path(), options, &mut reading),
        reading,
    )
}

fn refused(name: &str, bytes: &[u8]) -> String {
    let outcome = read(name, bytes, OWN32).0.map(|set| set.len());
    let message = outcome.unwrap_err().to_string();
    assert!(message.contains(name), "{message}");
    message
}

#[test]
fn a_whole_jpeg_is_read_and_a_damaged_one_is_named() {
    for picture in [drawing(64), drawing(67)] {
        let whole = encoded(picture, ImageFormat::Jpeg);
        read("x.jpg", &whole, OWN32).0.unwrap();
        for tenths in 3..10 {
            let cut = &whole[..whole.len() * tenths / 10];
            refused("cut.jpg", cut);
            // Cut, and ended as if nothing were missing.
            let ended = [cut, &[0xff, 0xd9]].concat();
            refused("ended.jpg", &ended);
        }
        let start = whole
            .windows(2)
            .position(|two| two == [0xff, 0xda])
            .unwrap()
            + 20;
        for part in 1..8 {
            let from = start + (whole.len() - start) * part / 10;
            let mut zeroed = whole.clone();
            zeroed[from..from + (whole.len() - start) / 10].fill(0);
            refused("zeroed.jpg", &zeroed);
        }
        // What follows the end of the picture is not part of it.
        let trailed = [&whole[..], b"trailing notes"].concat();
        read("x.jpg", &trailed, OWN32).0.unwrap();
    }
}

#[test]
fn grey_jpegs_and_progressive_ones() {
    let grey = DynamicImage::from(drawing(40)).into_luma8();
    let grey = encoded(grey, ImageFormat::Jpeg);
    let (set, _) = read("grey.jpg", &grey, OWN32);
    assert_eq!(set.unwrap().shape().channels, 1);
    // Drawn as `drawing(24)` and written by Pillow: quality 60, progressive, 4:2:0.
    let progressive = include_bytes!("fixtures/progressive.jpg");
    let (set, _) = read("p.jpg", progressive, OWN32);
    let (same, _) = read("p.png", &encoded(drawing(24), ImageFormat::Png), OWN32);
    let (set, same) = (set.unwrap(), same.unwrap());
    let error = set
        .image(0)
        .iter()
        .zip(same.image(0))
        .map(|(a, b)| (a - b).powi(2));
    let error = error.sum::<f32>() / set.image(0).len() as f32;
    assert!(error < 0.05, "{error}");
    for cut in [progressive.len() - 2, progressive.len() / 2] {
        refused("cut.jpg", &progressive[..cut]);
    }
    let mut zeroed = progressive.to_vec();
    let middle = progressive.len() * 3 / 4;
    zeroed[middle..middle + 40].fill(0);
    refused("zeroed.jpg", &zeroed);
}

#[test]
fn transparent_parts_are_composed_on_white() {
    // A disc in the alpha channel alone: black where opaque.
    let disc = |ink: u8| {
        image::RgbaImage::from_fn(32, 32, |x, y| {
            let far = (x as i32 - 16).pow(2) + (y as i32 - 16).pow(2);
            image::Rgba([ink, ink, ink, if far < 60 { 255 } else { 0 }])
        })
    };
    let (set, reading) = read("disc.png", &encoded(disc(0), ImageFormat::Png), OWN32);
    let set = set.unwrap();
    assert_eq!(reading.count(Remark::Composed), 1);
    assert!(
        reading.lines()[0].contains("composed on white (a/disc.png)"),
        "{reading}"
    );
    assert_eq!((set.image(0)[0], set.image(0)[16 * 32 + 16]), (1.0, -1.0));
    // The same in white vanishes: that is no picture of anything.
    let vanished = refused("white.png", &encoded(disc(255), ImageFormat::Png));
    assert!(vanished.contains("vanishes on white"), "{vanished}");
    // Opaque throughout: nothing to say.
    let opaque = DynamicImage::from(drawing(32)).into_rgba8();
    let (set, reading) = read("o.png", &encoded(opaque, ImageFormat::Png), OWN32);
    let (same, _) = read("o.png", &encoded(drawing(32), ImageFormat::Png), OWN32);
    assert_eq!((set.unwrap(), reading.lines().len()), (same.unwrap(), 0));
}

#[test]
fn every_format_that_is_listed() {
    let endings = [
        ("x.bmp", ImageFormat::Bmp),
        ("x.gif", ImageFormat::Gif),
        ("x.tif", ImageFormat::Tiff),
        ("x.webp", ImageFormat::WebP),
        ("x.ppm", ImageFormat::Pnm),
        ("x.jpe", ImageFormat::Jpeg),
        ("x.jfif", ImageFormat::Jpeg),
        ("x.JPEG", ImageFormat::Jpeg),
    ];
    let (png, _) = read("x.png", &encoded(drawing(48), ImageFormat::Png), OWN32);
    let png = png.unwrap();
    for (name, format) in endings {
        let bytes = encoded(drawing(48), format);
        let (set, reading) = read(name, &bytes, OWN32);
        let set = set.unwrap();
        assert!(reading.lines().is_empty(), "{reading}");
        let furthest = png.image(0).iter().zip(set.image(0));
        let furthest = furthest.fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
        let exact = !matches!(format, ImageFormat::Jpeg | ImageFormat::Gif);
        let allowed = if exact { 0.0 } else { 0.35 };
        assert!(furthest <= allowed, "{name}: {furthest}");
        // A third of it is no picture.
        refused(name, &bytes[..bytes.len() / 3]);
    }
    assert!(refused("x.png", b"").contains("empty"));
    assert!(refused("x.png", b"\x1b[2Jno picture").contains("begins with `\\u{1b}[2J"));
}

#[test]
fn frames_after_the_first_are_told() {
    let mut moving = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut moving);
    for side in [32, 32] {
        let frame = DynamicImage::from(drawing(side)).into_rgba8();
        encoder.encode_frame(image::Frame::new(frame)).unwrap();
    }
    drop(encoder);
    let (set, reading) = read("moving.gif", &moving, OWN32);
    assert_eq!(
        (set.unwrap().len(), reading.count(Remark::LaterFrame)),
        (2, 1)
    );
}

#[test]
fn colour_follows_the_files_unless_told() {
    let folder = tempfile::tempdir().unwrap();
    let read = |colour| {
        let options = PictureOptions { side: 32, colour };
        read_class_folders(folder.path(), options, &mut Reading::default()).unwrap()
    };
    put(folder.path(), "a/1.png", png(32, 4, 0));
    // Grey, though stored in three channels.
    let grey = DynamicImage::ImageLuma8(DynamicImage::from(drawing(32)).into_luma8()).into_rgb8();
    put(folder.path(), "b/2.png", encoded(grey, ImageFormat::Png));
    assert_eq!(read(None).shape().channels, 1);
    assert_eq!(read(None), read(Some(Colour::Grey)));
    assert_eq!(read(Some(Colour::Rgb)).shape().channels, 3);
    // One picture in colour makes it a set in colour, those before it too.
    put(
        folder.path(),
        "c/3.png",
        encoded(drawing(32), ImageFormat::Png),
    );
    put(folder.path(), "d/4.png", png(32, 9, 0));
    assert_eq!(read(None), read(Some(Colour::Rgb)));
}

#[test]
fn large_pictures_are_decoded_one_at_a_time() {
    // 8192 x 8192 of one colour, packed twice: a few kilobytes that were 1.9 GB.
    let flat = black_png(8192);
    let names: Vec<String> = (0..6).map(|i| format!("train/{}/{i}.png", i % 2)).collect();
    let files: Vec<(&str, Vec<u8>)> = names.iter().map(|n| (n.as_str(), flat.clone())).collect();
    let packed = zip(&files);
    assert!(
        packed.len() < flat.len(),
        "{} of {}",
        packed.len(),
        flat.len()
    );
    let folder = tempfile::tempdir().unwrap();
    let path = put(folder.path(), "bomb.zip", packed);
    let set = read_class_archive(&path, "train", OWN32, &mut Reading::default()).unwrap();
    assert_eq!((set.len(), set.shape().channels), (6, 1));
    // Averages of 65 536 pixels are rounded.
    assert!(set.pixels().iter().all(|&pixel| (pixel + 1.0).abs() < 1e-5));
    if let Some(peak) = peak() {
        assert!(peak < 700, "{peak} MiB");
    }
    let one_more = black_png(8200);
    let told = refused("larger.png", &one_more);
    assert!(
        told.contains("8200 x 8200") && told.contains("hint: "),
        "{told}"
    );
}
