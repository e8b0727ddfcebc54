//! The page in a browser: that it fits a phone, that its figures can be read there, on light ground
//! and on dark, and that it fetches nothing.
//!
//! Windows have a least width beyond a phone's, frames have none: the page is measured in a frame.

mod common;

use std::process::Command;

use report::{Page, figures, render_html};

/// What the browser measures, as JSON for the page around the frame.
const MEASURE: &str = "<script>addEventListener('load',()=>{\
const shown=e=>e.getClientRects().length>0;\
const texts=[...document.querySelectorAll('figure svg text')].filter(shown);\
const heights=texts.filter(t=>!t.getAttribute('transform')).map(t=>t.getBoundingClientRect().height);\
const luma=c=>{const [r,g,b]=c.match(/[0-9.]+/g).map(Number);return (0.3*r+0.59*g+0.11*b)/255};\
const body=getComputedStyle(document.body);\
parent.postMessage(JSON.stringify({\
width:innerWidth,\
overflow:document.documentElement.scrollWidth-innerWidth,\
cut:Math.max(...[...document.querySelectorAll('#answer .scroll')].map(t=>t.scrollWidth-t.clientWidth)),\
texts:texts.length,\
smallest:Math.min(...heights),\
ground:luma(body.backgroundColor),\
ink:luma(body.color),\
fetched:performance.getEntriesByType('resource').filter(e=>!e.name.startsWith('data:')).length\
}),'*')})</script>";

/// The page around the frame takes the measurement as its title.
const LISTEN: &str =
    "<script>addEventListener('message',event=>{document.title=event.data})</script>";

/// A number of the measurement.
fn number(measured: &str, name: &str) -> f64 {
    let start = measured
        .find(&format!("\"{name}\":"))
        .expect("it is measured")
        + name.len()
        + 3;
    let rest = &measured[start..];
    let end = rest.find([',', '}']).expect("it ends");
    rest[..end].parse().expect("a number")
}

/// Loads the page in a frame of this width and returns what the browser measured.
fn measured(page: &str, width: u32, dark: bool) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let around = folder.path().join("around.html");
    let content = page.replace('&', "&amp;").replace('"', "&quot;");
    let frame = format!(
        "<!DOCTYPE html><title>nothing yet</title>{LISTEN}<iframe width=\"{width}\" height=\"844\" style=\"border:0\" srcdoc=\"{content}\"></iframe>"
    );
    std::fs::write(&around, frame).expect("it is written");
    let output = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--virtual-time-budget=10000",
            "--dump-dom",
        ])
        .args(dark.then_some("--blink-settings=preferredColorScheme=0"))
        .arg(format!(
            "--user-data-dir={}",
            folder.path().join("profile").display()
        ))
        .arg("--window-size=1400,900")
        .arg(format!("file://{}", around.display()))
        .output()
        .expect("chromium starts");
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    let title = dom.split("<title>").nth(1).expect("a title");
    title.split("</title>").next().expect("it ends").to_owned()
}

#[test]
#[ignore = "needs chromium"]
fn the_page_can_be_read_on_phones_and_wide_screens_light_and_dark() {
    let mut rows = common::sweep();
    rows.extend(common::black_box());
    for row in &mut rows {
        row.epsilon_replace_one = row.epsilon.map(|it| 2.5 * it);
    }
    let drawn = figures(&rows, &common::curves(&common::sweep()));
    let both_ways = common::both_ways();
    let page = render_html(&Page {
        experiment: "an-experiment-with-a-name-that-is-longer-than-a-telephone-is-wide",
        purpose: "A page to measure.",
        results: &rows,
        both_ways: &both_ways,
        figures: &drawn,
        galleries: &[common::gallery()],
        config: "name: a line of the config that is longer than a telephone is wide, by far\n",
        ..Page::default()
    })
    .expect("a page");
    let page = page.replace("</body>", &format!("{MEASURE}</body>"));
    for width in [390, 1280] {
        for dark in [false, true] {
            let told = measured(&page, width, dark);
            let case = format!("{width}, dark: {dark}: {told}");
            assert_eq!(number(&told, "width") as u32, width, "{case}");
            assert!(number(&told, "overflow") <= 0.0, "{case}");
            // On a wide screen the first table is seen whole, beside the pictures.
            assert!(number(&told, "cut") <= 0.0 || width < 1000, "{case}");
            assert!(number(&told, "texts") > 100.0, "{case}");
            // Height of a line: 9 px letters are about 12 px high with their ascent and descent.
            assert!(number(&told, "smallest") >= 11.0, "{case}");
            let (ground, ink) = (number(&told, "ground"), number(&told, "ink"));
            assert!(
                (ground - ink).abs() > 0.7 && (ground < ink) == dark,
                "{case}"
            );
            assert_eq!(number(&told, "fetched") as u32, 0, "{case}");
        }
    }
}
