//! Random damage to an honest file, its length and checksum made right again.

use super::format::{container, payload};
use super::{World, refused};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const TAMPERINGS: usize = 10_000;

/// The least integer of two bytes has no absolute value of two bytes.
#[test]
fn least_and_largest_integers_anywhere_are_refused() {
    let world = World::new(64, 10);
    let honest = world.honest(3).to_bytes();
    let content = payload(&honest).to_vec();
    for at in 0..content.len() - 1 {
        for extreme in [i16::MIN, i16::MAX, 1 << 14, -(1 << 14)] {
            let mut altered = content.clone();
            altered[at..at + 2].copy_from_slice(&extreme.to_le_bytes());
            if altered != content {
                refused(world.reveal(&container(&honest, 3, 3, &altered)));
            }
        }
    }
    // Every feature at once.
    for extreme in [i16::MIN, i16::MAX] {
        let all: Vec<u8> = extreme.to_le_bytes().repeat(content.len() / 2);
        refused(world.reveal(&container(&honest, 3, 3, &all)));
    }
}

#[test]
fn ten_thousand_tamperings_are_refused_alike() {
    let world = World::new(64, 10);
    let honest = world.honest(3).to_bytes();
    assert_eq!(world.reveal(&honest).unwrap().len(), 3);
    let content = payload(&honest).to_vec();
    let mut rng = ChaCha8Rng::seed_from_u64(15);
    let mut done = 0;
    while done < TAMPERINGS {
        let mut altered = content.clone();
        let (at, to) = (
            rng.random_range(0..content.len()),
            rng.random_range(0..content.len()),
        );
        match rng.random_range(0..7) {
            0 => altered[at] ^= 1 << rng.random_range(0..8),
            1 => altered[at] = rng.random(),
            2 => {
                let length = rng.random_range(1..64).min(altered.len() - at);
                rng.fill(&mut altered[at..at + length]);
            }
            3 => altered.swap(at, to),
            4 => altered.truncate(at),
            5 => altered.insert(at, rng.random()),
            _ => {
                let length = rng.random_range(1..100).min(content.len() - at.max(to));
                altered.copy_within(at..at + length, to);
            }
        }
        if altered == content {
            continue;
        }
        refused(world.reveal(&container(&honest, 3, 3, &altered)));
        done += 1;
    }
}
