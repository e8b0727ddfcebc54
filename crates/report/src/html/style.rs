//! The page's style sheet.

use crate::scene::Paint;
use crate::style::{GRID, INK, LINE, PAPER, SOFT};

const SHEET: &str = "\
:root{color-scheme:light dark;--paper:#fff;--ground:#f6f7f9;--ink:#1f242b;--soft:#5b6573;--line:#d8dde4;--accent:#2561a8;--good:#0f7346;--bad:#b72f3f;--bad-ground:#fdf0f1}
@media screen and (prefers-color-scheme:dark){:root{--paper:#171b21;--ground:#0f1216;--ink:#e7eaee;--soft:#a3adba;--line:#333b46;--accent:#7db3ec;--good:#4cc38a;--bad:#f0808c;--bad-ground:#2a1a1e}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 'Noto Sans','Segoe UI','Helvetica Neue',Arial,sans-serif}
main{max-width:1120px;margin:0 auto;padding:24px 20px 80px}
h1{font-size:28px;line-height:1.2;margin:0 0 2px;overflow-wrap:anywhere}
h2{font-size:20px;line-height:1.3;margin:36px 0 6px}
h3{font-size:15px;margin:22px 0 4px}
h3 small{color:var(--soft);font-weight:400;margin-left:10px}
p{max-width:78ch;margin:4px 0 10px}
a{color:var(--accent)}
.lead{margin:0;color:var(--soft)}
.note,.links,figcaption{font-size:14px;color:var(--soft)}
.facts{display:flex;flex-wrap:wrap;gap:2px 18px;margin:6px 0 14px;padding:0;list-style:none;font-size:14px;color:var(--soft)}
.facts b{color:var(--ink);font-variant-numeric:tabular-nums}
.cards{display:grid;grid-template-columns:repeat(3,1fr);gap:14px}
.card,.box,.scroll,figure,pre{background:var(--paper);border:1px solid var(--line);border-radius:10px}
.card{padding:12px 18px 6px}
.card h2{font-size:14px;font-weight:600;color:var(--soft);margin:0}
.card p{margin:2px 0 6px;font-size:14.5px}
.card .big{font-size:27px;font-weight:700;line-height:1.25;font-variant-numeric:tabular-nums}
.card small{font-size:14px;font-weight:400;color:var(--soft);margin-left:6px}
.found{white-space:nowrap}
.beside{display:grid;grid-template-columns:minmax(0,1fr) 318px;gap:0 26px}
.beside.whole{grid-template-columns:minmax(0,1fr)}
.beside h2{font-size:17px;margin:20px 0 6px}
nav{display:flex;flex-wrap:wrap;gap:4px 18px;margin:18px 0 0;padding:10px 0;border-top:1px solid var(--line);border-bottom:1px solid var(--line);font-size:14px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{padding:6px 11px;text-align:left;white-space:nowrap;border-bottom:1px solid var(--line)}
tr:last-child>*{border-bottom:0}
th{font-weight:600;color:var(--soft);font-size:12.5px;vertical-align:bottom}
.number{text-align:right}
td small{color:var(--soft);font-size:12px;margin-left:5px}
@media screen{.beside :is(th,td){white-space:normal;padding:6px 8px}.beside td small{display:block;margin:0;white-space:nowrap}}
td.wrap{white-space:normal;min-width:190px}
td.long{white-space:pre-wrap;overflow-wrap:anywhere;min-width:300px;font-family:ui-monospace,'Cascadia Mono',Menlo,Consolas,monospace;font-size:12.5px}
tr.failed td{background:var(--bad-ground);color:var(--bad)}
.pairs{display:flex;flex-wrap:wrap;gap:8px 9px}
figure{margin:16px 0 26px;padding:8px 10px 10px}
figure>.scroll{border:0}figure>.scroll svg{max-width:none}
figure svg{display:block;max-width:100%;height:auto;margin:0 auto}
figcaption{padding:4px 8px 2px;max-width:96ch}
figure>details,figure>.links{margin:8px}
figure.pair{margin:0;padding:0;border:0;border-radius:0;background:none;width:56px}
.pair img{display:block;width:56px;height:auto;image-rendering:pixelated}
.pair figcaption{padding:2px 0 0;font-size:12px;font-variant-numeric:tabular-nums;white-space:nowrap}
.hit{color:var(--good)}.miss{color:var(--bad)}
.narrow{display:none}
.unseen{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 20px;font-size:14px;margin:10px 0}
.box{padding:12px 18px;font-size:15px}
dt{font-weight:600}dd{margin:0;color:var(--soft);overflow-wrap:anywhere}.box dd{color:var(--ink)}
details{margin:10px 0}summary{cursor:pointer;color:var(--accent);font-size:14px;padding:4px 0}
pre{overflow-x:auto;padding:14px 16px;font-size:12.5px}
@media screen and (max-width:860px){.beside,.cards{grid-template-columns:minmax(0,1fr)}}
@media screen and (max-width:760px){main{padding:16px 14px 60px}.wide{display:none}.narrow{display:block}figure{padding:6px 0 8px;margin-left:-6px;margin-right:-6px}dl{grid-template-columns:1fr;gap:0}dd{margin:0 0 8px}.card .big{font-size:24px}}
@media print{:root{color-scheme:light}body{background:#fff;font-size:11pt}main{max-width:none;padding:0}nav,.links,summary{display:none}figure,.card,.box,h3,.pairs{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible;border:0}table{font-size:8pt}th,td{padding:2px 5px;white-space:normal}details::details-content{content-visibility:visible;display:block}}
";

/// The style sheet. Figures carry colours for white ground; on dark ground the neutral ones are
/// exchanged, the series' colours serve both.
pub(super) fn sheet() -> String {
    let swaps = [
        (PAPER, "--paper"),
        (INK, "--ink"),
        (SOFT, "--soft"),
        (LINE, "--soft"),
        (GRID, "--line"),
    ];
    let mut sheet = SHEET.to_owned();
    sheet.push_str("@media screen and (prefers-color-scheme:dark){\n");
    for (paint, variable) in swaps {
        let hex = hex(paint);
        for part in ["fill", "stroke"] {
            sheet += &format!("figure svg [{part}=\"{hex}\"]{{{part}:var({variable})}}\n");
        }
    }
    sheet.push_str("}\n");
    sheet
}

fn hex(paint: Paint) -> String {
    let (red, green, blue) = paint.rgb;
    format!("#{red:02X}{green:02X}{blue:02X}")
}
