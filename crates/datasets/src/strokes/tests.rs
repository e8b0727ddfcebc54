use super::*;

fn key(name: &str) -> StreamKey {
    StreamKey::from_seed(7).child(name)
}

fn mse(a: &[f32], b: &[f32]) -> f64 {
    let sum: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    sum / a.len() as f64
}

#[test]
fn image_i_depends_on_key_and_i_alone() {
    for classes in [StrokeClasses::Letters, StrokeClasses::Digits] {
        let long = Strokes {
            classes,
            images: 300,
        };
        let short = Strokes {
            classes,
            images: 77,
        };
        let all = long.generate(key("a")).unwrap();
        let some = short.generate(key("a")).unwrap();
        assert_eq!(all.pixels()[..77 * PIXELS], *some.pixels());
        let single = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .unwrap();
        assert_eq!(all, single.install(|| long.generate(key("a"))).unwrap());
        let mut image = vec![0.0; PIXELS];
        assert_eq!(long.write(key("a"), 41, &mut image), all.labels()[41]);
        assert_eq!(image, all.image(41));
        assert_ne!(all, long.generate(key("b")).unwrap());
    }
}

#[test]
fn sets_are_balanced_and_every_image_has_paper_and_ink() {
    for classes in [StrokeClasses::Letters, StrokeClasses::Digits] {
        let per_class = 200;
        let images = classes.len() * per_class;
        let set = Strokes { classes, images }.generate(key("ink")).unwrap();
        for class in 0..classes.len() as u32 {
            let count = set.labels().iter().filter(|&&l| l == class).count();
            assert_eq!(count, per_class);
        }
        for index in 0..images {
            let image = set.image(index);
            let ink = image.iter().filter(|&&p| p > 0.0).count();
            let paper = image.iter().filter(|&&p| p == -1.0).count();
            assert!(ink >= 12, "image {index} has {ink} inked pixels");
            assert!(paper > PIXELS / 3, "image {index} is a blot");
        }
    }
}

#[test]
fn ink_hardly_touches_the_edge_of_the_page() {
    let set = Strokes {
        classes: StrokeClasses::Letters,
        images: 2600,
    }
    .generate(key("edge"))
    .unwrap();
    let cut = (0..set.len())
        .filter(|&i| {
            let image = set.image(i);
            (0..SIDE).any(|k| {
                let edge = [k, (SIDE - 1) * SIDE + k, k * SIDE, k * SIDE + SIDE - 1];
                edge.iter().any(|&p| image[p] > 0.5)
            })
        })
        .count();
    assert!(cut < set.len() / 50, "{cut} of {} are cut", set.len());
}

/// Guessing the nearest image of the same class in a fresh set of 2 000 is a poor reconstruction.
#[test]
fn nearest_neighbours_are_far() {
    let set = |name: &str, images| {
        Strokes {
            classes: StrokeClasses::Digits,
            images,
        }
        .generate(key(name))
        .unwrap()
    };
    let (targets, guesses) = (set("targets", 200), set("guesses", 2000));
    let nearest: Vec<f64> = (0..targets.len())
        .into_par_iter()
        .map(|i| {
            (0..guesses.len())
                .filter(|&j| guesses.labels()[j] == targets.labels()[i])
                .map(|j| mse(targets.image(i), guesses.image(j)))
                .fold(f64::INFINITY, f64::min)
        })
        .collect();
    let mean = nearest.iter().sum::<f64>() / nearest.len() as f64;
    println!("mean nearest-neighbour MSE {mean:.3}");
    assert!(mean > 0.12, "mean nearest-neighbour MSE {mean}");
}

/// The symbols can be told apart: far better than chance by the nearest of 200 examples a class.
#[test]
fn symbols_can_be_told_apart() {
    for (classes, bar) in [(StrokeClasses::Letters, 0.6), (StrokeClasses::Digits, 0.75)] {
        let set = |name: &str, per_class: usize| {
            Strokes {
                classes,
                images: classes.len() * per_class,
            }
            .generate(key(name))
            .unwrap()
        };
        let (asked, known) = (set("asked", 15), set("known", 200));
        let right = (0..asked.len())
            .into_par_iter()
            .filter(|&i| {
                let near = (0..known.len())
                    .map(|j| (mse(asked.image(i), known.image(j)), known.labels()[j]))
                    .min_by(|a, b| a.0.total_cmp(&b.0))
                    .unwrap();
                near.1 == asked.labels()[i]
            })
            .count();
        let accuracy = right as f64 / asked.len() as f64;
        println!("{classes:?}: nearest-neighbour accuracy {accuracy:.3}");
        assert!(accuracy > bar, "{classes:?}: {accuracy}");
    }
}

#[test]
fn absurd_sizes_are_refused() {
    for images in [0, MOST_IMAGES + 1, usize::MAX] {
        let error = Strokes {
            classes: StrokeClasses::Digits,
            images,
        }
        .generate(key("none"))
        .unwrap_err();
        assert!(error.to_string().contains("strokes.images"), "{error}");
    }
}
