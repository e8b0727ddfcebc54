//! L-BFGS (Nocedal 1980) on one function, driven from outside: the caller evaluates, so that many
//! functions can be evaluated in one batch. Each step asks for one evaluation; a step that does not
//! lower the function enough is taken back and shortened.

use std::collections::VecDeque;

/// Steps remembered.
const MEMORY: usize = 20;
/// Share of the expected decrease that a step must bring (Armijo).
const DECREASE: f64 = 1e-4;
/// What a refused step is shortened by.
const SHORTEN: f64 = 0.4;
/// Below this share of the full step the remembered steps are forgotten.
const HOPELESS: f64 = 1e-3;

struct Pair {
    step: Vec<f32>,
    change: Vec<f32>,
    /// 1 / (step · change).
    inverse: f64,
}

/// The state of one minimisation.
pub(crate) struct Lbfgs {
    point: Vec<f32>,
    value: f64,
    gradient: Vec<f32>,
    direction: Vec<f32>,
    length: f64,
    /// Root mean square of a step without memory.
    first: f64,
    memory: VecDeque<Pair>,
}

impl Lbfgs {
    /// A minimisation that starts at `point`, where the function has `value` and `gradient`, with a
    /// first step of root mean square `first`.
    pub fn new(point: Vec<f32>, value: f64, gradient: Vec<f32>, first: f64) -> Self {
        let mut state = Self {
            direction: Vec::new(),
            point,
            value,
            gradient,
            length: 1.0,
            first,
            memory: VecDeque::with_capacity(MEMORY),
        };
        state.turn();
        state
    }

    /// The best point so far.
    pub fn point(&self) -> &[f32] {
        &self.point
    }

    /// The function's value there.
    #[cfg(test)]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Where the function should be evaluated next.
    pub fn proposal(&self) -> Vec<f32> {
        let length = self.length as f32;
        let moved = self.point.iter().zip(&self.direction);
        moved.map(|(x, d)| x + length * d).collect()
    }

    /// Takes the function's `value` and `gradient` at the proposal.
    pub fn report(&mut self, value: f64, gradient: Vec<f32>) {
        let expected = self.length * dot(&self.gradient, &self.direction);
        let better = value <= self.value + DECREASE * expected;
        if !better || gradient.iter().any(|g| !g.is_finite()) {
            self.length *= SHORTEN;
            if self.length < HOPELESS && !self.memory.is_empty() {
                self.memory.clear();
                self.turn();
            }
            return;
        }
        let proposal = self.proposal();
        let step: Vec<f32> = difference(&proposal, &self.point);
        let change = difference(&gradient, &self.gradient);
        let curvature = dot(&step, &change);
        // Where the function curves the wrong way the pair says nothing about a minimum.
        if curvature > 1e-10 * dot(&change, &change).max(f64::MIN_POSITIVE) {
            if self.memory.len() == MEMORY {
                self.memory.pop_front();
            }
            self.memory.push_back(Pair {
                step,
                change,
                inverse: 1.0 / curvature,
            });
        }
        (self.point, self.value, self.gradient) = (proposal, value, gradient);
        self.turn();
    }

    /// Sets the direction: minus the inverse Hessian that the memory describes times the gradient.
    fn turn(&mut self) {
        let mut direction = self.gradient.clone();
        let mut alphas = Vec::with_capacity(self.memory.len());
        for pair in self.memory.iter().rev() {
            let alpha = pair.inverse * dot(&pair.step, &direction);
            add(&mut direction, -alpha, &pair.change);
            alphas.push(alpha);
        }
        let scale = match self.memory.back() {
            Some(pair) => 1.0 / (pair.inverse * dot(&pair.change, &pair.change)),
            None => {
                let power = dot(&direction, &direction) / direction.len().max(1) as f64;
                self.first / power.sqrt().max(f64::MIN_POSITIVE)
            }
        };
        direction.iter_mut().for_each(|d| *d *= scale as f32);
        for (pair, alpha) in self.memory.iter().zip(alphas.iter().rev()) {
            let beta = pair.inverse * dot(&pair.change, &direction);
            add(&mut direction, alpha - beta, &pair.step);
        }
        direction.iter_mut().for_each(|d| *d = -*d);
        self.direction = direction;
        self.length = 1.0;
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    let terms = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b));
    terms.sum()
}

fn add(to: &mut [f32], scale: f64, what: &[f32]) {
    let scale = scale as f32;
    to.iter_mut().zip(what).for_each(|(to, x)| *to += scale * x);
}

fn difference(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minimise(
        start: Vec<f32>,
        steps: usize,
        function: impl Fn(&[f32]) -> (f64, Vec<f32>),
    ) -> Lbfgs {
        let (value, gradient) = function(&start);
        let mut state = Lbfgs::new(start, value, gradient, 0.1);
        for _ in 0..steps {
            let before = state.value();
            let (value, gradient) = function(&state.proposal());
            state.report(value, gradient);
            assert!(state.value() <= before);
        }
        state
    }

    #[test]
    fn an_ill_conditioned_bowl_is_solved() {
        let curvature: Vec<f32> = (0..40).map(|i| 10.0_f32.powf(i as f32 / 13.0)).collect();
        let state = minimise(vec![1.0; 40], 120, |x| {
            let terms = x.iter().zip(&curvature);
            let value = terms
                .clone()
                .map(|(x, c)| 0.5 * f64::from(c * x * x))
                .sum::<f64>();
            (value, terms.map(|(x, c)| c * x).collect())
        });
        assert!(state.value() < 1e-4, "{}", state.value());
    }

    #[test]
    fn rosenbrocks_valley_is_followed_to_its_end() {
        let state = minimise(vec![-1.2, 1.0], 150, |x| {
            let (a, b) = (f64::from(x[0]), f64::from(x[1]));
            let value = 100.0 * (b - a * a).powi(2) + (1.0 - a).powi(2);
            let slope = [
                -400.0 * a * (b - a * a) - 2.0 * (1.0 - a),
                200.0 * (b - a * a),
            ];
            (value, slope.map(|g| g as f32).to_vec())
        });
        let end = state.point();
        assert!(
            (end[0] - 1.0).abs() < 0.01 && (end[1] - 1.0).abs() < 0.02,
            "{end:?}"
        );
    }

    #[test]
    fn values_that_are_not_numbers_are_steps_refused() {
        let state = minimise(vec![1.0], 30, |x| {
            let x = x[0];
            match x < 0.5 {
                true => (f64::NAN, vec![f32::NAN]),
                false => (f64::from(x - 0.5).powi(2), vec![2.0 * (x - 0.5)]),
            }
        });
        assert!(state.value() < 0.01, "{}", state.value());
    }
}
