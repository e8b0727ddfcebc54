use std::time::Instant;
use datasets::*;
use faer::linalg::matmul::matmul;
use faer::prelude::*;
use faer::{Accum, Mat, MatMut, MatRef, Par, Side};
use rayon::prelude::*;
use crate::span::*;
use crate::network::*;

pub struct Eval { pub victims: usize, pub w: Vec<f32>, pub m: Vec<u32> }
pub fn args(name: &str) -> Option<String> { let a: Vec<String> = std::env::args().collect(); a.iter().position(|x| x == name).map(|i| a[i + 1].clone()) }
pub fn num(name: &str, d: f64) -> f64 { args(name).map(|s| s.parse().unwrap()).unwrap_or(d) }

/// recon: victims x K x pixels
pub fn score(name: &str, recon: &[f32], ev: &Eval, images: &ImageSet, shots: usize) {
    let k = 10; let px = images.shape().len(); let n = k * shots;
    let sc = |v: usize, u: usize| -> Vec<f64> { (0..k).map(|c| { let r = &recon[(v * k + c) * px..][..px];
        (0..shots).map(|j| { let x = images.image(ev.m[u * n + c * shots + j] as usize); r.iter().zip(x).map(|(a, b)| ((a - b) * (a - b)) as f64).sum::<f64>() / px as f64 }).fold(f64::MAX, f64::min) }).collect() };
    let h1: Vec<Vec<f64>> = (0..ev.victims).into_par_iter().map(|v| sc(v, v)).collect();
    let h0: Vec<Vec<f64>> = (0..ev.victims * 20).into_par_iter().map(|i| { let v = i % ev.victims; let r = 1 + i / ev.victims; let u = (v + r) % ev.victims; let mut x = sc(v, u); for c in 0..k { let (a, b) = (&ev.m[v * n + c * shots..][..shots], &ev.m[u * n + c * shots..][..shots]); if a.iter().any(|q| b.contains(q)) { x[c] = 9.0; } } x }).collect();
    let tpr = |h1: &[f64], h0: &[f64], f: f64| { let mut s = h0.to_vec(); s.sort_by(f64::total_cmp); let t = s[((s.len() as f64 * f) as usize).min(s.len() - 1)]; h1.iter().filter(|x| **x < t).count() as f64 / h1.len() as f64 };
    let f1: Vec<f64> = h1.iter().flatten().copied().collect(); let f0: Vec<f64> = h0.iter().flatten().copied().collect();
    let per: f64 = (0..k).map(|c| tpr(&h1.iter().map(|v| v[c]).collect::<Vec<_>>(), &h0.iter().map(|v| v[c]).collect::<Vec<_>>(), 0.01)).sum::<f64>() / k as f64;
    let pc: Vec<String> = { let mut s = f0.clone(); s.sort_by(f64::total_cmp); let t = s[(s.len() as f64 * 0.01) as usize]; (0..k).map(|c| format!("{:.2}", h1.iter().filter(|v| v[c] < t).count() as f64 / h1.len() as f64)).collect() };
    if args("--why").is_some() { let mut q: Vec<(f64, usize)> = h0.iter().flat_map(|v| v.iter().copied().enumerate().map(|(c, x)| (x, c))).collect(); q.sort_by(|a, b| a.0.total_cmp(&b.0)); let m = q.len() / 100; let mut cnt = vec![0; k]; for (_, c) in &q[..m] { cnt[*c] += 1; } println!("  threshold {:.4}; null below it by class: {:?}", q[m].0, cnt.iter().map(|c| format!("{:.2}", *c as f64 / m as f64)).collect::<Vec<_>>());
      println!("  mse by class {:?}", (0..k).map(|c| format!("{:.3}", h1.iter().map(|v| v[c]).sum::<f64>() / h1.len() as f64)).collect::<Vec<_>>()); }
    println!("{name}: mse {:.4} null {:.4} TPR@.1% {:.3} @1% {:.3} @10% {:.3} perclass {:.3} tau.0696 {:.3}/{:.3} [{}]", f1.iter().sum::<f64>() / f1.len() as f64, f0.iter().sum::<f64>() / f0.len() as f64, tpr(&f1, &f0, 0.001), tpr(&f1, &f0, 0.01), tpr(&f1, &f0, 0.1), per,
        f1.iter().filter(|x| **x < 0.0696).count() as f64 / f1.len() as f64, f0.iter().filter(|x| **x < 0.0696).count() as f64 / f0.len() as f64, pc.join(" "));
}

pub fn devs(w: &[f32], k: usize, d: usize, dev: &mut [f32]) {
    let mut mean = vec![0f32; d];
    for c in 0..k { for (m, x) in mean.iter_mut().zip(&w[c * (d + 1)..]) { *m += x / k as f32; } }
    for c in 0..k { for i in 0..d { dev[c * d + i] = w[c * (d + 1) + i] - mean[i]; } }
}
pub const R: usize = 6;
/// regressors for coordinate i, class c
pub fn regs(dev: &[f32], k: usize, d: usize, i: usize, out: &mut [[f32; R]]) {
    let mut col = [0f32; 16];
    for c in 0..k { col[c] = dev[c * d + i]; }
    let mut s = col; s[..k].sort_unstable_by(f32::total_cmp);
    for c in 0..k { out[c] = [col[c], s[0], s[1], s[2], s[k - 1], 1.0]; }
}
pub struct Est { d: usize, coef: Vec<[f32; R]>, only_dev: bool }
impl Est {
    pub fn fit(st: &Stream, heads: usize, only_dev: bool) -> Est {
        let d = st.f.width(); let k = 10; let n = k * st.shots;
        let (mut w, mut m) = (vec![], vec![]);
        st.fill(1 << 40, heads, &mut w, &mut m);
        let mut dv = vec![0f32; heads * k * d];
        dv.par_chunks_mut(k * d).enumerate().for_each(|(h, o)| devs(&w[h * st.wl()..], k, d, o));
        let coef: Vec<([f32; R], f64, f64)> = (0..d).into_par_iter().map(|i| {
            let mut a = Mat::<f64>::zeros(R, R); let mut b = Mat::<f64>::zeros(R, 1); let (mut yy, mut y1, mut cnt) = (0.0, 0.0, 0.0);
            let mut rg = [[0f32; R]; 16];
            for h in 0..heads { regs(&dv[h * k * d..(h + 1) * k * d], k, d, i, &mut rg);
                for c in 0..k { let y: f64 = (0..st.shots).map(|j| st.f.row(m[h * n + c * st.shots + j] as usize)[i] as f64).sum::<f64>() / st.shots as f64;
                    let mut x = rg[c]; if only_dev { for q in 1..R - 1 { x[q] = 0.0; } }
                    for p in 0..R { for q in 0..R { a[(p, q)] += (x[p] * x[q]) as f64; } b[(p, 0)] += x[p] as f64 * y; }
                    yy += y * y; y1 += y; cnt += 1.0; } }
            for p in 0..R { a[(p, p)] = a[(p, p)] * (1.0 + 1e-9) + 1e-9; }
            let sol = a.llt(Side::Lower).map(|l| l.solve(&b)).unwrap_or_else(|_| Mat::zeros(R, 1));
            let res = yy - (0..R).map(|p| sol[(p, 0)] * b[(p, 0)]).sum::<f64>();
            let mut o = [0f32; R]; for p in 0..R { o[p] = sol[(p, 0)] as f32; }
            (o, res / cnt, yy / cnt - (y1 / cnt).powi(2))
        }).collect();
        println!("estimate only_dev={only_dev}: unexplained share of variance {:.4}", coef.iter().map(|c| c.1).sum::<f64>() / coef.iter().map(|c| c.2).sum::<f64>());
        Est { d, coef: coef.into_iter().map(|c| c.0).collect(), only_dev }
    }
    pub fn apply(&self, w: &[f32], out: &mut [f32]) {
        let k = 10; let d = self.d; let mut dev = vec![0f32; k * d]; devs(w, k, d, &mut dev);
        let mut rg = [[0f32; R]; 16];
        for i in 0..d { regs(&dev, k, d, i, &mut rg); for c in 0..k { let mut x = rg[c]; if self.only_dev { for q in 1..R - 1 { x[q] = 0.0; } } out[c * d + i] = (0..R).map(|p| x[p] * self.coef[i][p]).sum(); } }
    }
}
/// ridge per class from inputs (n x p) to pixels
pub fn ridge(st: &Stream, images: &ImageSet, heads: usize, lam: f64, per_class: bool, enc: &(dyn Fn(&[f32], &[u32], &mut [f32]) + Sync), p: usize) -> Vec<Mat<f32>> {
    let k = 10; let n = k * st.shots; let px = images.shape().len(); let (mut w, mut m) = (vec![], vec![]);
    let mut acc: Vec<(Mat<f32>, Mat<f32>)> = (0..k).map(|_| (Mat::zeros(p + 1, p + 1), Mat::zeros(p + 1, px))).collect();
    let chunk = 500;
    for b in 0..heads / chunk {
        st.fill((2 << 40) + (b * chunk) as u64, chunk, &mut w, &mut m);
        let mut e = vec![0f32; chunk * k * p];
        e.par_chunks_mut(k * p).enumerate().for_each(|(h, o)| enc(&w[h * st.wl()..(h + 1) * st.wl()], &m[h * n..(h + 1) * n], o));
        acc.par_iter_mut().enumerate().for_each(|(c, (g, t))| {
            let x = Mat::from_fn(chunk, p + 1, |h, i| if i == p { 1.0 } else { e[(h * k + c) * p + i] });
            let y = Mat::from_fn(chunk, px, |h, i| (0..st.shots).map(|j| images.image(m[h * n + c * st.shots + j] as usize)[i]).sum::<f32>() / st.shots as f32);
            matmul(g.as_mut(), Accum::Add, x.transpose(), &x, 1.0, Par::Seq);
            matmul(t.as_mut(), Accum::Add, x.transpose(), &y, 1.0, Par::Seq);
        });
    }
    if !per_class { let (mut g, mut t) = (Mat::zeros(p + 1, p + 1), Mat::zeros(p + 1, px)); for (a, b) in &acc { g += a; t += b; } acc = vec![(g, t)]; }
    let r: Vec<Mat<f32>> = acc.into_par_iter().map(|(mut g, t)| { let tr: f32 = (0..p).map(|i| g[(i, i)]).sum::<f32>() / p as f32; for i in 0..p { g[(i, i)] += tr * lam as f32; } g.llt(Side::Lower).unwrap().solve(&t) }).collect();
    if per_class { r } else { vec![r[0].clone(); k] }
}
pub fn run() {
    let images = crate::load::mnist();
    let path = args("--f").unwrap(); let bytes = std::fs::read(&path).unwrap(); let v: Vec<f32> = bytemuck::pod_collect_to_vec(&bytes);
    let d = v.len() / images.len();
    let f = FeatureSet::new(d, v, images.labels().to_vec(), 10).unwrap();
    let split = Split::new(images.labels(), 10, 0.15, 0.04, StreamKey::from_seed(2505).child("split"));
    let shots = num("--shots", 1.0) as usize;
    let key = StreamKey::from_seed(7);
    let st = Stream { f: &f, pool: &split.public, shots, key: key.child("shadow") };
    let vs = Stream { f: &f, pool: &split.private, shots, key: key.child("victims") };
    let mut ev = Eval { victims: num("--victims", 500.0) as usize, w: vec![], m: vec![] };
    vs.fill(0, ev.victims, &mut ev.w, &mut ev.m);
    { let t = Instant::now(); let (mut w, mut m) = (vec![], vec![]); st.fill(0, 2000, &mut w, &mut m); println!("heads/s {:.0}", 2000.0 / t.elapsed().as_secs_f64());
      let (mut right, mut cnt) = (0, 0); let test: Vec<u32> = split.test.indices().collect();
      for h in 0..20 { for &x in &test { let mut best = (f32::MIN, 0); for c in 0..10 { let r = &ev.w[h * st.wl() + c * (d + 1)..][..d + 1]; let z = dot(&r[..d], f.row(x as usize)) + r[d]; if z > best.0 { best = (z, c) } } right += (best.1 as u32 == images.labels()[x as usize]) as usize; cnt += 1; } }
      println!("d {d} head accuracy {:.3}; mean feature {:.3} zero share {:.3}", right as f64 / cnt as f64, f.values().iter().sum::<f32>() / f.values().len() as f32, f.values().iter().filter(|x| **x == 0.0).count() as f64 / f.values().len() as f64); }
    let k = 10; let px = images.shape().len();
    let est = Est::fit(&st, 2000, false);
    if args("--ridge").is_some() {
        let est0 = Est::fit(&st, 2000, true);
        let heads = num("--heads", 6000.0) as usize; let lam = num("--lam", 1e-3);
        let n = k * shots;
        let truth = |_: &[f32], m: &[u32], o: &mut [f32]| for c in 0..k { for j in 0..shots { for (a, b) in o[c * d..(c + 1) * d].iter_mut().zip(f.row(m[c * shots + j] as usize)) { *a += b / shots as f32; } } };
        let dev = |w: &[f32], _: &[u32], o: &mut [f32]| devs(w, k, d, o);
        let e1 = |w: &[f32], _: &[u32], o: &mut [f32]| est.apply(w, o);
        let e0 = |w: &[f32], _: &[u32], o: &mut [f32]| est0.apply(w, o);
        let encs: Vec<(&str, &(dyn Fn(&[f32], &[u32], &mut [f32]) + Sync))> = vec![("truth", &truth), ("dev", &dev), ("est", &e1), ("est0", &e0)];
        for (name, enc) in encs { for pc in [false, true] { 
            let t = Instant::now();
            let r = ridge(&st, &images, heads, lam, pc, enc, d);
            let fit = t.elapsed().as_secs_f64();
            let mut rec = vec![0f32; ev.victims * k * px];
            rec.par_chunks_mut(k * px).enumerate().for_each(|(v, o)| { let mut x = vec![0f32; k * d]; enc(&ev.w[v * st.wl()..(v + 1) * st.wl()], &ev.m[v * n..(v + 1) * n], &mut x);
                for c in 0..k { let b = Mat::from_fn(1, d + 1, |_, i| if i == d { 1.0 } else { x[c * d + i] }); let y = &b * &r[c]; for i in 0..px { o[c * px + i] = y[(0, i)].clamp(-1.0, 1.0); } } });
            score(&format!("ridge {name} per_class={pc} lam {lam} fit {fit:.1}s"), &rec, &ev, &images, shots);
        } }
    }
    if let Some(mode) = args("--net") { crate::net::train(&mode, &st, &f, &images, &ev, &est, shots); }
    let _ = (MatMut::<f32>::from_row_major_slice_mut(&mut [], 0, 0), MatRef::<f32>::from_row_major_slice(&[], 0, 0));
}
