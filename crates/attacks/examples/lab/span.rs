use datasets::*;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
pub struct Stream<'a> { pub f: &'a FeatureSet, pub pool: &'a Pool, pub shots: usize, pub key: StreamKey }
impl Stream<'_> {
    pub fn wl(&self) -> usize { self.pool.classes() * (self.f.width() + 1) }
    pub fn make(&self, i: u64, members: &mut Vec<u32>, w: &mut [f32]) {
        let mut rng = self.key.rng(i);
        self.pool.draw(self.shots, &mut rng, members);
        let k = self.pool.classes(); let d = self.f.width(); let n = members.len();
        let (steps, lr, wd, std) = (26 + 6 * self.shots, 0.01f32, 1e-5f32, 0.002f32);
        for row in w.chunks_mut(d + 1) { for v in row[..d].iter_mut() { let z: f32 = StandardNormal.sample(&mut rng); *v = z * std; } row[d] = 0.0; }
        let rows: Vec<&[f32]> = members.iter().map(|&m| self.f.row(m as usize)).collect();
        let mut g = vec![0f32; n * n];
        for a in 0..n { for b in 0..=a { let s = dot(rows[a], rows[b]) + 1.0; g[a * n + b] = s; g[b * n + a] = s; } }
        let mut z0 = vec![0f32; k * n];
        for c in 0..k { for a in 0..n { z0[c * n + a] = dot(&w[c * (d + 1)..c * (d + 1) + d], rows[a]); } }
        let mut a = vec![0f32; k * n]; let mut s = 1f32; let mut z = z0.clone();
        for _ in 0..steps {
            let mut p = vec![0f32; k * n];
            for j in 0..n {
                let mx = (0..k).map(|c| z[c * n + j]).fold(f32::MIN, f32::max);
                let mut sum = 0.0; for c in 0..k { let e = (z[c * n + j] - mx).exp(); p[c * n + j] = e; sum += e; }
                for c in 0..k { p[c * n + j] /= sum; }
                p[(j / self.shots) * n + j] -= 1.0;
            }
            let dec = 1.0 - lr * wd;
            for (x, y) in a.iter_mut().zip(&p) { *x = dec * *x - lr / n as f32 * y; }
            s *= dec;
            for c in 0..k { for j in 0..n { let mut acc = s * z0[c * n + j]; for t in 0..n { acc += a[c * n + t] * g[t * n + j]; } z[c * n + j] = acc; } }
        }
        for c in 0..k { let row = &mut w[c * (d + 1)..(c + 1) * (d + 1)];
            for v in row.iter_mut() { *v *= s; }
            for j in 0..n { let x = a[c * n + j]; for (v, f) in row[..d].iter_mut().zip(rows[j]) { *v += x * f; } row[d] += x; } }
    }
    pub fn fill(&self, start: u64, heads: usize, w: &mut Vec<f32>, m: &mut Vec<u32>) {
        let nl = self.pool.classes() * self.shots;
        w.resize(heads * self.wl(), 0.0); m.resize(heads * nl, 0);
        w.par_chunks_mut(self.wl()).zip(m.par_chunks_mut(nl)).enumerate().for_each_init(Vec::new, |mm, (i, (w, m))| { self.make(start + i as u64, mm, w); m.copy_from_slice(mm); });
    }
}
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut acc = [0f32; 16];
    for (x, y) in a.chunks_exact(16).zip(b.chunks_exact(16)) { for i in 0..16 { acc[i] += x[i] * y[i]; } }
    let mut s: f32 = acc.iter().sum();
    for (x, y) in a.chunks_exact(16).remainder().iter().zip(b.chunks_exact(16).remainder()) { s += x * y; }
    s
}
