use std::time::Instant;
use datasets::*;
use rayon::prelude::*;
use crate::attack::*;
use crate::span::*;
use crate::network::*;

pub fn train(mode: &str, st: &Stream, f: &FeatureSet, images: &ImageSet, ev: &Eval, est: &Est, shots: usize) {
    let k = 10; let d = f.width(); let px = images.shape().len(); let n = k * shots;
    let p = match mode { "row" | "dev" | "est" | "truth" => d, "estdev" | "devmin" => 2 * d, "estall" => d + k * d, _ => panic!() };
    let enc = |w: &[f32], m: &[u32], o: &mut [f32]| { // k x p
        match mode {
            "row" => for c in 0..k { o[c * p..c * p + d].copy_from_slice(&w[c * (d + 1)..c * (d + 1) + d]); },
            "dev" => devs(w, k, d, o),
            "est" => est.apply(w, o),
            "truth" => { o.fill(0.0); for c in 0..k { for j in 0..shots { for (a, b) in o[c * d..(c + 1) * d].iter_mut().zip(f.row(m[c * shots + j] as usize)) { *a += b / shots as f32; } } } }
            "estdev" => { let mut a = vec![0f32; k * d]; let mut b = vec![0f32; k * d]; est.apply(w, &mut a); devs(w, k, d, &mut b); for c in 0..k { o[c * p..c * p + d].copy_from_slice(&a[c * d..(c + 1) * d]); o[c * p + d..(c + 1) * p].copy_from_slice(&b[c * d..(c + 1) * d]); } }
            "devmin" => { let mut b = vec![0f32; k * d]; devs(w, k, d, &mut b); for c in 0..k { for i in 0..d { o[c * p + i] = b[c * d + i]; o[c * p + d + i] = (0..k).map(|q| b[q * d + i]).fold(f32::MAX, f32::min); } } }
            _ => panic!() } };
    // standardise
    let (mut w, mut m) = (vec![], vec![]);
    let hs = 1000; st.fill(3 << 40, hs, &mut w, &mut m);
    let mut e = vec![0f32; hs * k * p]; e.par_chunks_mut(k * p).enumerate().for_each(|(h, o)| enc(&w[h * st.wl()..(h + 1) * st.wl()], &m[h * n..(h + 1) * n], o));
    let mut mu = vec![0f64; p]; let mut sq = vec![0f64; p];
    for r in e.chunks(p) { for i in 0..p { mu[i] += r[i] as f64; sq[i] += (r[i] * r[i]) as f64; } }
    let cnt = (hs * k) as f64; let floor = num("--floor", 0.0);
    let mut sd: Vec<f64> = (0..p).map(|i| (sq[i] / cnt - (mu[i] / cnt).powi(2)).max(1e-12).sqrt()).collect();
    let msd = sd.iter().sum::<f64>() / p as f64; if args("--global").is_some() { let rms = (sd.iter().map(|x| x * x).sum::<f64>() / p as f64).sqrt(); sd.iter_mut().for_each(|x| *x = rms); }
    let mu: Vec<f32> = mu.iter().map(|x| (x / cnt) as f32).collect(); let is: Vec<f32> = sd.iter().map(|x| (1.0 / (x + floor * msd)) as f32).collect();
    let inp = p + k; let hid = num("--hid", 1024.0) as usize; let depth = num("--depth", 2.0) as usize;
    let shape = MlpShape { inputs: inp, hidden: vec![hid; depth], outputs: px };
    let mut net = Mlp::random(&shape, StreamKey::from_seed(3)); let mut scratch = Scratch::default();
    let hb = num("--hb", 16.0) as usize; let samples = num("--samples", 1e6); let steps = (samples / (hb * k) as f64) as usize; let lr = num("--lr", 4e-4); let alpha = num("--alpha", 100.0) as f32; let tau = num("--tau", 0.0) as f32;
    let np = num("--np", 0.0); let np_from = num("--np_from", 0.5); let np_base = num("--np_base", 0.2) as f32; let np_pairs = num("--np_pairs", 8.0) as usize; let bw = num("--bw", 0.25) as f32;
    let (mut tau_est, mut lam_est, mut ekt, mut ekn) = (0.1f32, 1.0f32, 0f32, 0f32); let mut hist: Vec<f32> = vec![];
    let recon = |net: &Mlp, w: &[f32], m: &[u32], heads: usize| { let mut x = vec![0f32; heads * k * inp]; x.par_chunks_mut(k * inp).enumerate().for_each(|(h, o)| { let mut e = vec![0f32; k * p]; enc(&w[h * st.wl()..(h + 1) * st.wl()], &m[h * n..(h + 1) * n], &mut e); for c in 0..k { for i in 0..p { o[c * inp + i] = (e[c * p + i] - mu[i]) * is[i]; } o[c * inp + p + c] = 1.0; } }); net.forward(&x) };
    let t = Instant::now(); let (mut gen_t, mut lsum, mut lc) = (0.0, 0.0, 0);
    let mut x = vec![0f32; hb * k * inp];
    for s in 0..steps {
        let t0 = Instant::now();
        st.fill((s * hb) as u64, hb, &mut w, &mut m);
        x.par_chunks_mut(k * inp).enumerate().for_each(|(h, o)| { let mut e = vec![0f32; k * p]; enc(&w[h * st.wl()..(h + 1) * st.wl()], &m[h * n..(h + 1) * n], &mut e); for c in 0..k { for i in 0..p { o[c * inp + i] = (e[c * p + i] - mu[i]) * is[i]; } o[c * inp + p..(c + 1) * inp].fill(0.0); o[c * inp + p + c] = 1.0; } });
        gen_t += t0.elapsed().as_secs_f64();
        let frac = s as f64 / steps as f64; let warm = (s as f64 / 200.0).min(1.0);
        let rate = lr * warm * 0.5 * (1.0 + (std::f64::consts::PI * frac).cos());
        let np_on = np > 0.0 && frac >= np_from;
        let tau_now = tau_est; let lam_now = lam_est;
        let stats: Vec<std::sync::Mutex<(f32, Vec<f32>)>> = (0..hb * k).map(|_| Default::default()).collect();
        let l = net.step(hb * k, rate as f32, &mut scratch, |r, o| o.copy_from_slice(&x[r * inp..(r + 1) * inp]), |r, y, g| {
            let (h, c) = (r / k, r % k); let mut ls = vec![0f32; shots]; let mut ms = vec![0f32; shots];
            for j in 0..shots { let im = images.image(m[h * n + c * shots + j] as usize); let (a, b) = dist(y, im); ms[j] = a / px as f32; ls[j] = 0.5 * (a + b) / px as f32; }
            let mn = ls.iter().copied().fold(f32::MAX, f32::min); let mut wt: Vec<f32> = ls.iter().map(|l| (-(l - mn) * alpha).exp()).collect(); let z: f32 = wt.iter().sum(); wt.iter_mut().for_each(|v| *v /= z);
            let mut loss = 0.0; g.fill(0.0);
            let base = if np_on { np_base } else { 1.0 };
            for j in 0..shots { loss += wt[j] * ls[j]; }
            let mt = ms.iter().copied().fold(f32::MAX, f32::min); let jt = ms.iter().position(|v| *v == mt).unwrap();
            let ker = |m: f32| { let z = (m - tau_now) / (bw * tau_now); let e = 1.0 / (1.0 + z.exp()); 4.0 * e * (1.0 - e) };
            for j in 0..shots { let im = images.image(m[h * n + c * shots + j] as usize); let mut q = base * wt[j] / px as f32; if q < 1e-9 { continue; }
                if tau > 0.0 { let sg = 1.0 / (1.0 + ((ms[j] - tau) / (0.35 * tau)).exp()); q *= 0.1 + 4.0 * sg * (1.0 - sg); }
                for ((o, u), v) in g.iter_mut().zip(y).zip(im) { let e = u - v; *o += q * (e + 0.5 * if e > 0.0 { 1.0 } else if e < 0.0 { -1.0 } else { 0.0 }); } }
            let mut nulls = vec![];
            if np > 0.0 { for q in 1..=np_pairs { let h2 = (h + q) % hb; let (mut bm, mut bj) = (f32::MAX, 0); for j in 0..shots { let im = images.image(m[h2 * n + c * shots + j] as usize); let d = dist(y, im).0 / px as f32; if d < bm { bm = d; bj = m[h2 * n + c * shots + j] as usize; } }
                nulls.push(bm);
                if np_on { let w = np as f32 * lam_now * ker(bm) / np_pairs as f32; if w > 1e-5 { let im = images.image(bj); for ((o, u), v) in g.iter_mut().zip(y).zip(im) { *o -= w / px as f32 * (u - v); } } } }
              if np_on { let w = np as f32 * ker(mt); let im = images.image(m[h * n + c * shots + jt] as usize); for ((o, u), v) in g.iter_mut().zip(y).zip(im) { *o += w / px as f32 * (u - v); } }
              *stats[r].lock().unwrap() = (mt, nulls); }
            loss as f64 });
        if np > 0.0 {
            let all: Vec<(f32, Vec<f32>)> = stats.into_iter().map(|m| m.into_inner().unwrap()).collect();
            hist.extend(all.iter().flat_map(|a| a.1.iter().copied())); 
            if hist.len() > 40000 { hist.sort_unstable_by(f32::total_cmp); let t = hist[hist.len() / 100]; tau_est = t; hist.clear(); }
            let kk = |m: f32| { let z = (m - tau_est) / (bw * tau_est); let e = 1.0 / (1.0 + z.exp()); 4.0 * e * (1.0 - e) };
            let kt: f32 = all.iter().map(|a| kk(a.0)).sum(); let kn: f32 = all.iter().flat_map(|a| a.1.iter()).map(|v| kk(*v)).sum::<f32>() / np_pairs as f32;
            ekt = 0.99 * ekt + 0.01 * kt; ekn = 0.99 * ekn + 0.01 * kn; lam_est = (ekt / ekn.max(1e-6)).min(50.0);
            if s % (steps / 8).max(1) == 0 { println!("  np: tau {tau_est:.4} lambda {lam_est:.2} on {np_on}"); }
        }
        lsum += l; lc += 1;
        if (s + 1) % (steps / 8).max(1) == 0 { let el = t.elapsed().as_secs_f64(); let r = recon(&net, &ev.w, &ev.m, ev.victims);
            score(&format!("net {mode} {:.2}M {:.0}s ({:.0}/s, gen {:.0}%) loss {:.4}", (s * hb * k) as f64 / 1e6, el, (s * hb * k) as f64 / el, gen_t / el * 100.0, lsum / lc as f64), &r, ev, images, shots); lsum = 0.0; lc = 0; }
    }
}

fn dist(a: &[f32], b: &[f32]) -> (f32, f32) { let mut q = [0f32; 16]; let mut r = [0f32; 16]; for (a, b) in a.chunks_exact(16).zip(b.chunks_exact(16)) { for i in 0..16 { let d = a[i] - b[i]; q[i] += d * d; r[i] += d.abs(); } } (q.iter().sum(), r.iter().sum()) }
