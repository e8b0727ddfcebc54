//! The page's style sheet.

use crate::scene::Paint;
use crate::style::{GRID, INK, LINE, PAPER, SOFT};

const SHEET: &str = "\
:root{color-scheme:light dark;--paper:#fff;--ground:#f6f7f9;--ink:#1f242b;--soft:#5b6573;--line:#d8dde4;--accent:#2f6db5;--bad:#c83e4d;--bad-ground:#fdf0f1}
@media(prefers-color-scheme:dark){:root{--paper:#171b21;--ground:#0f1216;--ink:#e7eaee;--soft:#a3adba;--line:#333b46;--accent:#7db3ec;--bad:#f0808c;--bad-ground:#2a1a1e}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 'Noto Sans','Segoe UI','Helvetica Neue',Arial,sans-serif}
main{max-width:1040px;margin:0 auto;padding:40px 20px 80px}
h1{font-size:30px;line-height:1.2;margin:0 0 6px}
h2{font-size:21px;margin:44px 0 6px}
p{max-width:72ch;margin:6px 0 14px}
.lead,.note,figcaption,footer{color:var(--soft)}
.note,figcaption{font-size:14px}
.facts{display:flex;flex-wrap:wrap;gap:10px;margin:22px 0 8px;padding:0;list-style:none}
.facts li{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:10px 16px;min-width:104px}
.facts b{display:block;font-size:20px;line-height:1.25;font-variant-numeric:tabular-nums}
.facts span{color:var(--soft);font-size:13px}
.scroll{overflow-x:auto;background:var(--paper);border:1px solid var(--line);border-radius:10px}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{padding:7px 12px;text-align:left;white-space:nowrap;border-bottom:1px solid var(--line)}
tr:last-child td{border-bottom:0}
th{font-weight:600;color:var(--soft);font-size:12.5px;vertical-align:bottom}
td.number,th.number{text-align:right}
td small{color:var(--soft);font-size:12px;margin-left:5px}
td.wide{white-space:pre-wrap;min-width:340px;font-family:ui-monospace,'Cascadia Mono',Menlo,Consolas,monospace;font-size:12.5px}
tr.failed td{background:var(--bad-ground);color:var(--bad)}
figure{margin:20px 0 30px;background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:6px 6px 12px;overflow-x:auto}
figure svg{display:block;max-width:100%;height:auto;margin:0 auto}
figcaption{padding:4px 16px 2px;max-width:86ch}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 20px;font-size:14px;margin:10px 0}
dt{font-weight:600}dd{margin:0;color:var(--soft)}
details{margin:14px 0}summary{cursor:pointer;color:var(--accent)}
pre{overflow-x:auto;background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:14px 16px;font-size:12.5px}
footer{margin-top:50px;font-size:13px}
@media print{body{background:#fff}figure,.scroll{break-inside:avoid}}
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
    sheet.push_str("@media(prefers-color-scheme:dark){\n");
    for (paint, variable) in swaps {
        let hex = hex(paint);
        sheet.push_str(&format!(
            "figure svg [fill=\"{hex}\"]{{fill:var({variable})}}figure svg [stroke=\"{hex}\"]{{stroke:var({variable})}}\n"
        ));
    }
    sheet.push_str("}\n");
    sheet
}

fn hex(paint: Paint) -> String {
    let (red, green, blue) = paint.rgb;
    format!("#{red:02X}{green:02X}{blue:02X}")
}
