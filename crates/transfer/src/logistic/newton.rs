//! Newton steps towards α = Y − P. Classes run along the lanes, four at a time.

use pulp::{Arch, Simd, WithSimd};

use crate::TransferError;

/// Classes that are worked on together.
const W: usize = 4;
type Lanes = [f64; W];
/// Largest |α − (Y − P)| and |Σ_i α_i| that count as none.
pub(crate) const TOLERANCE: f64 = 1e-9;
/// Steps after which something is wrong: from 5 to 15 are usual.
const MOST_STEPS: usize = 200;
/// Halvings of a step that does not lower the objective.
const MOST_HALVINGS: usize = 40;
/// The bias's variance in units of the largest variance of a logit.
const LOOSE: f64 = 1e2;

/// Covariance and labels of a training set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Problem {
    pub classes: usize,
    pub labels: Vec<usize>,
    /// Whether each class has a bias that nothing holds.
    pub biased: bool,
    /// CG, N × N.
    covariance: Vec<f64>,
}

impl Problem {
    /// The problem of examples with these labels and products, without biases.
    pub fn unbiased(
        classes: usize,
        labels: Vec<usize>,
        strength: f64,
        product: impl Fn(usize, usize) -> f64,
    ) -> Self {
        let n = labels.len();
        let mut problem = Self {
            classes,
            labels,
            biased: false,
            covariance: Vec::new(),
        };
        problem.covariance(strength, n, product);
        problem
    }

    /// Sets CG of `n` examples from the products of their features.
    pub fn covariance(&mut self, strength: f64, n: usize, product: impl Fn(usize, usize) -> f64) {
        self.covariance.clear();
        self.covariance.resize(n * n, 0.0);
        for i in 0..n {
            for j in 0..=i {
                let product = strength * product(i, j);
                self.covariance[i * n + j] = product;
                self.covariance[j * n + i] = product;
            }
        }
    }
}

/// Scratch memory, and the minimum once it is found. Matrices of examples and classes are stored
/// group by group of four classes: N lanes a group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Newton {
    n: usize,
    groups: usize,
    kappa: f64,
    alpha: Vec<Lanes>,
    bias: Vec<Lanes>,
    logits: Vec<Lanes>,
    probabilities: Vec<Lanes>,
    targets: Vec<Lanes>,
    /// E of each class, N × N lanes a group.
    e: Vec<Lanes>,
    factor: Vec<Lanes>,
    inverse: Vec<Lanes>,
    /// Σ_classes E, then its Cholesky factor.
    sum: Vec<f64>,
    rest: Vec<Lanes>,
    step: Vec<Lanes>,
    logit_step: Vec<Lanes>,
    row: Vec<f64>,
    moved: Vec<Lanes>,
}

impl Newton {
    /// α of example `i` and `class`.
    pub fn alpha(&self, i: usize, class: usize) -> f64 {
        self.alpha[class / W * self.n + i][class % W]
    }

    /// The bias of `class`.
    pub fn bias(&self, class: usize) -> f64 {
        self.bias[class / W][class % W]
    }

    /// Finds the minimum.
    ///
    /// # Errors
    /// Where the steps do not come to rest.
    pub fn solve(&mut self, problem: &Problem) -> Result<&Self, TransferError> {
        let done = Arch::new().dispatch(Solve {
            newton: self,
            problem,
        });
        done.map(|()| &*self)
    }
}

struct Solve<'a> {
    newton: &'a mut Newton,
    problem: &'a Problem,
}

impl WithSimd for Solve<'_> {
    type Output = Result<(), TransferError>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Self::Output {
        let Self { newton, problem } = self;
        newton.start(problem);
        let mut objective = newton.objective(problem, 0.0);
        let mut residual = f64::INFINITY;
        for _ in 0..MOST_STEPS {
            residual = newton.residual(problem);
            if residual <= TOLERANCE {
                return Ok(());
            }
            newton.direction(problem);
            let mut length = 1.0;
            let mut halvings = 0;
            let mut reached = newton.objective(problem, length);
            // Rounding alone may raise an objective that is at its minimum.
            let most = objective + 1e-12 * objective.abs();
            while (reached.is_nan() || reached > most) && halvings < MOST_HALVINGS {
                length *= 0.5;
                halvings += 1;
                reached = newton.objective(problem, length);
            }
            newton.advance(length);
            objective = reached;
        }
        Err(TransferError::NotConverged {
            steps: MOST_STEPS,
            residual,
        })
    }
}

impl Newton {
    #[inline(always)]
    fn start(&mut self, problem: &Problem) {
        let (n, classes) = (problem.labels.len(), problem.classes);
        self.n = n;
        self.groups = classes.div_ceil(W);
        let largest = (0..n).map(|i| problem.covariance[i * n + i]);
        self.kappa = if problem.biased {
            LOOSE * largest.fold(1.0, f64::max)
        } else {
            0.0
        };
        let zero = |lanes: &mut Vec<Lanes>, len: usize| {
            lanes.clear();
            lanes.resize(len, [0.0; W]);
        };
        let all = self.groups * n;
        for lanes in [
            &mut self.alpha,
            &mut self.logits,
            &mut self.probabilities,
            &mut self.targets,
            &mut self.rest,
            &mut self.step,
            &mut self.logit_step,
        ] {
            zero(lanes, all);
        }
        zero(&mut self.bias, self.groups);
        zero(&mut self.moved, self.groups);
        zero(&mut self.e, all * n);
        zero(&mut self.factor, n * n);
        zero(&mut self.inverse, n * n);
        self.sum.resize(n * n, 0.0);
        self.row.resize(n, 0.0);
        for (i, &label) in problem.labels.iter().enumerate() {
            self.targets[label / W * n + i][label % W] = 1.0;
        }
    }

    /// The objective after `length` of the step: Σ CE + ½ Σ_classes αᵀ(CG)α.
    #[inline(always)]
    fn objective(&self, problem: &Problem, length: f64) -> f64 {
        let (n, classes) = (self.n, problem.classes);
        let at = |i: usize, class: usize, values: &[Lanes], step: &[Lanes]| {
            let place = class / W * n + i;
            values[place][class % W] + length * step[place][class % W]
        };
        let mut total = 0.0;
        for (i, &label) in problem.labels.iter().enumerate() {
            let logit = |class: usize| at(i, class, &self.logits, &self.logit_step);
            let top = (0..classes).map(logit).fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = (0..classes).map(|class| (logit(class) - top).exp()).sum();
            total += top + sum.ln() - logit(label);
            // CGα = logits − bias.
            for class in 0..classes {
                let (group, lane) = (class / W, class % W);
                let bias = self.bias[group][lane] + length * self.moved[group][lane];
                let alpha = at(i, class, &self.alpha, &self.step);
                total += 0.5 * alpha * (logit(class) - bias);
            }
        }
        total
    }

    /// Sets the probabilities and returns by how much the conditions are missed.
    #[inline(always)]
    fn residual(&mut self, problem: &Problem) -> f64 {
        let (n, classes) = (self.n, problem.classes);
        let mut worst: f64 = 0.0;
        for i in 0..n {
            let place = |class: usize| class / W * n + i;
            let logit = |class: usize| self.logits[place(class)][class % W];
            let top = (0..classes).map(logit).fold(f64::NEG_INFINITY, f64::max);
            let mut sum = 0.0;
            for class in 0..classes {
                let power = (logit(class) - top).exp();
                self.probabilities[place(class)][class % W] = power;
                sum += power;
            }
            for group in 0..self.groups {
                let at = group * n + i;
                for lane in 0..W {
                    self.probabilities[at][lane] /= sum;
                    let wanted = self.targets[at][lane] - self.probabilities[at][lane];
                    self.rest[at][lane] = wanted - self.alpha[at][lane];
                    worst = worst.max(self.rest[at][lane].abs());
                }
            }
        }
        for group in (0..self.groups).filter(|_| problem.biased) {
            let sums = sum(&self.alpha[group * n..][..n]);
            worst = sums.iter().fold(worst, |worst, sum| worst.max(sum.abs()));
        }
        // NaN is not at rest.
        if worst.is_nan() { f64::INFINITY } else { worst }
    }

    /// Solves (I + W K) δ = (Y − P − α) − κ W (1 Σ_i α_i) with K = CG + κ 11ᵀ and
    /// W = D − ΠΠᵀ, and what δ moves in logits and biases.
    #[inline(always)]
    fn direction(&mut self, problem: &Problem) {
        let (n, kappa) = (self.n, self.kappa);
        self.centre();
        self.sum.fill(0.0);
        for group in 0..self.groups {
            self.invert(problem, group);
        }
        // c = E K r for each class, in `step`.
        self.row.fill(0.0);
        for group in 0..self.groups {
            let range = group * n..(group + 1) * n;
            let rest = &self.rest[range.clone()];
            let moved = &mut self.logit_step[range.clone()];
            covary(&problem.covariance, kappa, rest, moved);
            let to = &mut self.step[range];
            apply(&self.e[group * n * n..][..n * n], moved, to);
            for (sum, c) in self.row.iter_mut().zip(to.iter()) {
                *sum += c.iter().sum::<f64>();
            }
        }
        solve_positive(&mut self.sum, &mut self.row);
        for group in 0..self.groups {
            let range = group * n..(group + 1) * n;
            let e = &self.e[group * n * n..][..n * n];
            let (rest, step) = (&self.rest[range.clone()], &mut self.step[range.clone()]);
            for (i, e) in e.chunks_exact(n).enumerate() {
                let mut back = [0.0; W];
                for (e, t) in e.iter().zip(&self.row) {
                    for lane in 0..W {
                        back[lane] += e[lane] * t;
                    }
                }
                for lane in 0..W {
                    step[i][lane] = rest[i][lane] - step[i][lane] + back[lane];
                }
            }
            let (before, change) = (sum(&self.alpha[range.clone()]), sum(step));
            let logits = &mut self.logit_step[range];
            covary(&problem.covariance, 0.0, step, logits);
            for lane in 0..W {
                let bias = kappa * (before[lane] + change[lane]);
                self.moved[group][lane] = bias;
                logits.iter_mut().for_each(|logit| logit[lane] += bias);
            }
        }
    }

    /// Takes κ W (1 Σ_i α_i) from the residual.
    #[inline(always)]
    fn centre(&mut self) {
        let n = self.n;
        let sums: Vec<Lanes> = self.alpha.chunks_exact(n).map(sum).collect();
        for i in 0..n {
            let mut mean = 0.0;
            for (group, sums) in sums.iter().enumerate() {
                let p = &self.probabilities[group * n + i];
                mean += (0..W).map(|lane| p[lane] * sums[lane]).sum::<f64>();
            }
            for (group, sums) in sums.iter().enumerate() {
                let at = group * n + i;
                for lane in 0..W {
                    let p = self.probabilities[at][lane];
                    self.rest[at][lane] -= self.kappa * p * (sums[lane] - mean);
                }
            }
        }
    }

    /// Sets E = D½ (I + D½ K D½)⁻¹ D½ of a group's classes and adds it to `sum`.
    #[inline(always)]
    fn invert(&mut self, problem: &Problem, group: usize) {
        let (n, kappa) = (self.n, self.kappa);
        let roots = &mut self.step[group * n..][..n];
        for (root, p) in roots.iter_mut().zip(&self.probabilities[group * n..]) {
            *root = p.map(f64::sqrt);
        }
        let factor = &mut self.factor;
        for i in 0..n {
            for j in 0..=i {
                let covariance = problem.covariance[i * n + j] + kappa;
                let mut value = [f64::from(i == j); W];
                for lane in 0..W {
                    value[lane] += roots[i][lane] * covariance * roots[j][lane];
                }
                let (above, row) = factor.split_at(i * n);
                let other = if i == j {
                    &row[..j]
                } else {
                    &above[j * n..][..j]
                };
                for (a, b) in row[..j].iter().zip(other) {
                    for lane in 0..W {
                        value[lane] -= a[lane] * b[lane];
                    }
                }
                let diagonal = if i == j {
                    value.map(f64::sqrt)
                } else {
                    factor[j * n + j]
                };
                for lane in 0..W {
                    value[lane] /= diagonal[lane];
                }
                factor[i * n + j] = if i == j { diagonal } else { value };
            }
        }
        // L⁻¹, stored by its columns.
        let inverse = &mut self.inverse;
        for j in 0..n {
            let column = &mut inverse[j * n..(j + 1) * n];
            column[j] = factor[j * n + j].map(f64::recip);
            for i in j + 1..n {
                let mut value = [0.0; W];
                for (a, b) in factor[i * n + j..i * n + i].iter().zip(&column[j..i]) {
                    for lane in 0..W {
                        value[lane] -= a[lane] * b[lane];
                    }
                }
                for lane in 0..W {
                    column[i][lane] = value[lane] / factor[i * n + i][lane];
                }
            }
        }
        let e = &mut self.e[group * n * n..][..n * n];
        for i in 0..n {
            for j in 0..=i {
                let mut value = [0.0; W];
                let (left, right) = (
                    &inverse[i * n + i..(i + 1) * n],
                    &inverse[j * n + i..(j + 1) * n],
                );
                for (a, b) in left.iter().zip(right) {
                    for lane in 0..W {
                        value[lane] += a[lane] * b[lane];
                    }
                }
                for lane in 0..W {
                    value[lane] *= roots[i][lane] * roots[j][lane];
                }
                e[i * n + j] = value;
                e[j * n + i] = value;
                let total: f64 = value.iter().sum();
                self.sum[i * n + j] += total;
                if i != j {
                    self.sum[j * n + i] += total;
                }
            }
        }
    }

    #[inline(always)]
    fn advance(&mut self, length: f64) {
        for (values, steps) in [
            (&mut self.alpha, &self.step),
            (&mut self.logits, &self.logit_step),
            (&mut self.bias, &self.moved),
        ] {
            for (value, step) in values.iter_mut().zip(steps) {
                for lane in 0..W {
                    value[lane] += length * step[lane];
                }
            }
        }
    }
}

/// The sum over the examples.
#[inline(always)]
fn sum(values: &[Lanes]) -> Lanes {
    let mut sum = [0.0; W];
    for value in values {
        for lane in 0..W {
            sum[lane] += value[lane];
        }
    }
    sum
}

/// `out = (covariance + κ 11ᵀ) x`.
#[inline(always)]
fn covary(covariance: &[f64], kappa: f64, x: &[Lanes], out: &mut [Lanes]) {
    for (row, out) in covariance.chunks_exact(x.len()).zip(out) {
        let mut value = [0.0; W];
        for (c, x) in row.iter().zip(x) {
            for lane in 0..W {
                value[lane] += (c + kappa) * x[lane];
            }
        }
        *out = value;
    }
}

/// `out = E x`, lane by lane.
#[inline(always)]
fn apply(e: &[Lanes], x: &[Lanes], out: &mut [Lanes]) {
    for (row, out) in e.chunks_exact(x.len()).zip(out) {
        let mut value = [0.0; W];
        for (e, x) in row.iter().zip(x) {
            for lane in 0..W {
                value[lane] += e[lane] * x[lane];
            }
        }
        *out = value;
    }
}

/// Solves a positive definite system in place by Cholesky's factor.
#[inline(always)]
fn solve_positive(matrix: &mut [f64], x: &mut [f64]) {
    let n = x.len();
    for i in 0..n {
        for j in 0..=i {
            let products = (0..j).map(|l| matrix[i * n + l] * matrix[j * n + l]);
            let value = matrix[i * n + j] - products.sum::<f64>();
            matrix[i * n + j] = if i == j {
                value.sqrt()
            } else {
                value / matrix[j * n + j]
            };
        }
    }
    for i in 0..n {
        let known: f64 = (0..i).map(|l| matrix[i * n + l] * x[l]).sum();
        x[i] = (x[i] - known) / matrix[i * n + i];
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|l| matrix[l * n + i] * x[l]).sum();
        x[i] = (x[i] - known) / matrix[i * n + i];
    }
}
