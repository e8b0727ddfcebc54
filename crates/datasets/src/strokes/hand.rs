//! A hand: everything in which two writings of one skeleton differ.

use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use super::ink::{Nib, Page};
use super::{SIDE, Skeleton};

/// Segments into which the way between two control points is cut.
const CUTS: usize = 5;
/// Standard deviation of a control point, in box widths.
const JITTER: f32 = 0.034;
/// Standard deviation of a whole stroke's place, in box widths.
const DRIFT: f32 = 0.022;

/// The habits with which one image is written; the box is centred on 0 and 1 wide.
pub(super) struct Hand {
    /// Rows of the affine map from the box to the page, in pixels.
    map: [[f32; 3]; 2],
    /// Two slow waves that bend the box: (frequency x, y, phase, push x, y).
    waves: [[f32; 5]; 2],
    /// Pen radius in pixels.
    radius: f32,
    /// Relative change of the radius from a stroke's beginning to its end.
    taper: f32,
    /// Width of the ink's edge in pixels.
    softness: f32,
}

impl Hand {
    /// A random hand.
    pub fn draw(rng: &mut impl Rng) -> Self {
        let turn = 0.16 * normal(rng);
        let shear = 0.22 * normal(rng) - 0.08;
        let height = rng.random_range(15.5..22.5_f32);
        let width = height * rng.random_range(0.6..1.0_f32);
        let (sin, cos) = turn.sin_cos();
        // Scale, then shear, then turn, then place.
        let centre = SIDE as f32 / 2.0;
        let map = [
            [
                cos * width,
                (cos * shear - sin) * height,
                centre + 0.9 * normal(rng),
            ],
            [
                sin * width,
                (sin * shear + cos) * height,
                centre + 0.9 * normal(rng),
            ],
        ];
        let mut wave = || {
            [
                3.5 * normal(rng),
                3.5 * normal(rng),
                rng.random_range(0.0..std::f32::consts::TAU),
                0.035 * normal(rng),
                0.035 * normal(rng),
            ]
        };
        let waves = [wave(), wave()];
        Self {
            map,
            waves,
            radius: rng.random_range(0.75..1.9),
            taper: 0.2 * normal(rng),
            softness: rng.random_range(0.8..1.9),
        }
    }

    /// Writes `skeleton` on `page`.
    pub fn write(&self, skeleton: Skeleton, rng: &mut impl Rng, page: &mut Page) {
        let mut points: Vec<[f32; 2]> = Vec::with_capacity(16);
        for stroke in skeleton {
            let drift = [DRIFT * normal(rng), DRIFT * normal(rng)];
            points.clear();
            points.extend(stroke.points.iter().map(|&(x, y)| {
                [
                    f32::from(x) / 100.0 - 0.5 + drift[0] + JITTER * normal(rng),
                    f32::from(y) / 100.0 - 0.5 + drift[1] + JITTER * normal(rng),
                ]
            }));
            let spans = points.len() - 1;
            let last = (spans * CUTS) as f32;
            let mut from = self.nib(points[0], -0.5);
            for span in 0..spans {
                for cut in 1..=CUTS {
                    let t = cut as f32 / CUTS as f32;
                    let point = if stroke.round {
                        catmull_rom(&points, span, t)
                    } else {
                        blend(points[span], points[span + 1], t)
                    };
                    let done = (span * CUTS + cut) as f32 / last - 0.5;
                    let to = self.nib(point, done);
                    page.segment(from, to, self.softness);
                    from = to;
                }
            }
        }
    }

    /// Where a point of the box lies on the page and how thick the pen is there; `done` runs from
    /// -1/2 to 1/2 along the stroke.
    fn nib(&self, [x, y]: [f32; 2], done: f32) -> Nib {
        let (mut u, mut v) = (x, y);
        for [across, down, phase, push_x, push_y] in self.waves {
            let wave = (across * x + down * y + phase).sin();
            u += push_x * wave;
            v += push_y * wave;
        }
        let [top, bottom] = self.map;
        Nib {
            x: top[0] * u + top[1] * v + top[2],
            y: bottom[0] * u + bottom[1] * v + bottom[2],
            radius: self.radius * (1.0 + self.taper * done),
        }
    }
}

/// A standard normal number, cut at ±2.5 so that no image leaves the page.
fn normal(rng: &mut impl Rng) -> f32 {
    let value: f32 = rng.sample(StandardNormal);
    value.clamp(-2.5, 2.5)
}

fn blend(a: [f32; 2], b: [f32; 2], t: f32) -> [f32; 2] {
    [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])]
}

/// The uniform Catmull-Rom curve between points `span` and `span + 1` at `t` in [0, 1].
fn catmull_rom(points: &[[f32; 2]], span: usize, t: f32) -> [f32; 2] {
    let p1 = points[span];
    let p2 = points[span + 1];
    let p0 = if span == 0 { p1 } else { points[span - 1] };
    let p3 = *points.get(span + 2).unwrap_or(&p2);
    std::array::from_fn(|axis| {
        let (a, b, c, d) = (p0[axis], p1[axis], p2[axis], p3[axis]);
        let slope = c - a;
        let bend = 2.0 * a - 5.0 * b + 4.0 * c - d;
        let twist = 3.0 * (b - c) + d - a;
        b + 0.5 * t * (slope + t * (bend + t * twist))
    })
}
