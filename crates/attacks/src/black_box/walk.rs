//! The search for a flip on one line, a query at a time.

/// A walk along a line whose ends bear different labels, until two neighbouring steps do.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    pub line: usize,
    /// The label of the first end, and of `low`.
    pub before: usize,
    /// The label of `high`.
    pub after: usize,
    /// The last step known to bear `before`.
    pub low: usize,
    /// The first step known to bear another label.
    pub high: usize,
    /// Features of `low` and `high`, unless they are ends.
    pub at_low: Option<Vec<f32>>,
    pub at_high: Option<Vec<f32>>,
    gallop: Option<Gallop>,
}

/// A search that starts where the flip is expected and strides away from there.
#[derive(Clone, Copy, Debug)]
struct Gallop {
    next: usize,
    stride: usize,
    /// Whether the last stride went towards the second end.
    forward: Option<bool>,
}

impl Walk {
    /// A walk between ends of the labels `before` and `after`, `steps` apart.
    pub fn new(line: usize, [before, after]: [usize; 2], steps: usize) -> Self {
        Self {
            line,
            before,
            after,
            low: 0,
            high: steps,
            at_low: None,
            at_high: None,
            gallop: None,
        }
    }

    /// Starts the search at step `near`, with strides from `stride` up.
    pub fn expect(&mut self, near: usize, stride: usize) {
        self.gallop = Some(Gallop {
            next: near.clamp(1, (self.high - 1).max(1)),
            stride: stride.max(1),
            forward: None,
        });
    }

    /// The step to ask about next; none once the flip is found.
    pub fn next(&self) -> Option<usize> {
        (self.high - self.low > 1).then(|| match self.gallop {
            Some(gallop) => gallop.next,
            None => usize::midpoint(self.low, self.high),
        })
    }

    /// Takes the label of the step that [`Walk::next`] gave, and its features.
    pub fn take(&mut self, label: usize, features: &[f32]) {
        let Some(step) = self.next() else { return };
        let forward = label == self.before;
        if forward {
            self.low = step;
            self.at_low = Some(features.to_vec());
        } else {
            (self.high, self.after) = (step, label);
            self.at_high = Some(features.to_vec());
        }
        // Strides go on while the answers point one way; then the flip is bracketed.
        self.gallop = self.gallop.and_then(|gallop| {
            if gallop.forward.is_some_and(|last| last != forward) {
                return None;
            }
            let next = if forward {
                step.saturating_add(gallop.stride)
            } else {
                step.saturating_sub(gallop.stride)
            };
            let within = next > self.low && next < self.high;
            within.then_some(Gallop {
                next,
                stride: gallop.stride * 3,
                forward: Some(forward),
            })
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(flip: usize, steps: usize, expected: Option<(usize, usize)>) -> (Walk, usize) {
        let mut walk = Walk::new(0, [3, 5], steps);
        if let Some((near, stride)) = expected {
            walk.expect(near, stride);
        }
        let mut queries = 0;
        while let Some(step) = walk.next() {
            assert!(step > walk.low && step < walk.high, "{walk:?}");
            walk.take(if step < flip { 3 } else { 5 }, &[step as f32]);
            queries += 1;
        }
        for (at, features) in [(walk.low, &walk.at_low), (walk.high, &walk.at_high)] {
            let end = at == 0 || at == steps;
            assert_eq!(features.as_deref(), (!end).then_some(&[at as f32][..]));
        }
        (walk, queries)
    }

    #[test]
    fn without_expectation_a_walk_is_a_bisection() {
        for flip in 1..=64 {
            let (walk, queries) = run(flip, 64, None);
            assert_eq!((walk.low, walk.high, queries), (flip - 1, flip, 6));
        }
    }

    #[test]
    fn a_good_expectation_saves_queries() {
        assert_eq!(run(500, 1024, Some((500, 1))).1, 2);
        assert_eq!(run(500, 1024, Some((499, 1))).1, 2);
        assert!(run(500, 1024, Some((505, 4))).1 <= 7);
    }

    proptest! {
        #[test]
        fn any_expectation_finds_the_flip(
            flip in 1_usize..=256, near in 0_usize..400, stride in 0_usize..300,
        ) {
            let (walk, queries) = run(flip, 256, Some((near, stride)));
            prop_assert_eq!((walk.low, walk.high), (flip - 1, flip));
            prop_assert_eq!((walk.before, walk.after), (3, 5));
            prop_assert!(queries <= 8 + 2 * 6);
        }
    }
}
