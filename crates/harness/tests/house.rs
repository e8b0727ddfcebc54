//! The house holds: crates import down the floors of `docs/architecture.md`, and no files import one
//! another in a circle.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Crates with the number of their floor, the top one 0: the rows of the table of floors.
fn floors() -> BTreeMap<String, usize> {
    let text = read(&root().join("docs/architecture.md"));
    let rows = text
        .lines()
        .skip_while(|line| *line != "| floor | crates |")
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let mut floors = BTreeMap::new();
    for (floor, row) in rows.enumerate() {
        let crates = row.split('|').nth(2).expect("a second column");
        for name in crates.split('`').skip(1).step_by(2) {
            assert_eq!(floors.insert(name.to_owned(), floor), None, "{name} twice");
        }
    }
    floors
}

fn crates() -> Vec<String> {
    let entries = std::fs::read_dir(root().join("crates")).expect("the folder of crates");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.into_string().expect("a crate's name"))
        .collect();
    names.sort();
    names
}

/// Crates of the workspace that the manifest of `name` depends on, tests apart.
fn dependencies(name: &str, all: &[String]) -> Vec<String> {
    let manifest = read(&root().join("crates").join(name).join("Cargo.toml"));
    let mut inside = false;
    let mut found = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line == "[dependencies]";
        } else if inside {
            let key = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if all.iter().any(|other| other == key) {
                found.push(key.to_owned());
            }
        }
    }
    found
}

#[test]
fn every_crate_has_a_floor_and_imports_point_down() {
    let floors = floors();
    let all = crates();
    assert_eq!(floors.keys().cloned().collect::<Vec<_>>(), all);
    for name in &all {
        for other in dependencies(name, &all) {
            assert!(
                floors[&other] > floors[name],
                "{name} imports {other}, which is not on a lower floor"
            );
        }
    }
}

/// The files of a crate by their module path; `lib` is the empty path.
fn modules(source: &Path) -> BTreeMap<String, String> {
    fn walk(folder: &Path, source: &Path, out: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, source, out);
                continue;
            }
            let inside = path.strip_prefix(source).expect("below the sources");
            let mut parts: Vec<String> = inside
                .with_extension("")
                .components()
                .map(|part| part.as_os_str().to_string_lossy().into_owned())
                .collect();
            let last = parts.last().map(String::as_str);
            if last == Some("mod") || parts == ["lib"] {
                parts.pop();
            }
            let test = parts
                .iter()
                .any(|part| part.ends_with("tests") || part == "testing");
            if !test && parts != ["main"] {
                out.insert(parts.join("::"), without_tests(&read(&path)));
            }
        }
    }
    let mut out = BTreeMap::new();
    walk(source, source, &mut out);
    out
}

/// The text up to the module of tests, comments left out.
fn without_tests(text: &str) -> String {
    text.split("\n#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default()
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Every path that a `use` tree names, with the name that it is given: `a::{b, c as d}` gives
/// `(a::b, b)` and `(a::c, d)`.
fn expand(tree: &str, prefix: &str, out: &mut Vec<(String, String)>) {
    let tree = tree.trim();
    if let Some(open) = tree.find('{') {
        let head = format!("{prefix}{}", tree[..open].trim());
        let inner = &tree[open + 1..tree.rfind('}').unwrap_or(tree.len())];
        let (mut depth, mut start) = (0, 0);
        for (at, letter) in inner.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    expand(&inner[start..at], &head, out);
                    start = at + 1;
                }
                _ => {}
            }
        }
        expand(&inner[start..], &head, out);
    } else if !tree.is_empty() {
        let (path, name) = match tree.split_once(" as ") {
            Some((path, name)) => (path.trim(), name.trim()),
            None => (tree, tree.rsplit("::").next().unwrap_or(tree)),
        };
        let path = format!("{prefix}{path}");
        out.push((
            path.strip_suffix("::self").unwrap_or(&path).to_owned(),
            name.to_owned(),
        ));
    }
}

/// A path within the crate, from its root; none for a path that leads elsewhere.
fn absolute(path: &str, module: &str, children: &BTreeSet<String>) -> Option<String> {
    let mut parts: Vec<&str> = path.split("::").collect();
    let mut base: Vec<&str> = module.split("::").filter(|part| !part.is_empty()).collect();
    match parts[0] {
        "crate" => base.clear(),
        "self" => {}
        "super" => {
            while parts.first() == Some(&"super") {
                base.pop();
                parts.remove(0);
            }
            base.extend(parts);
            return Some(base.join("::"));
        }
        first if children.contains(first) => {
            base.extend(parts);
            return Some(base.join("::"));
        }
        _ => return None,
    }
    base.extend(&parts[1..]);
    Some(base.join("::"))
}

/// Statements `use …;` of a text, with whether they hand names on.
fn uses(text: &str) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("use ") {
        let line = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let before = text[line..at].trim();
        if before.is_empty() || before.starts_with("pub") {
            let end = text[at..].find(';').map_or(text.len(), |end| at + end);
            let tree = &text[at + 4..end];
            // A sentence in a text may begin with the word, too.
            let path = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_:{},*".contains(c);
            if tree.chars().all(path) {
                found.push((!before.is_empty(), tree.to_owned()));
            }
        }
    }
    found
}

/// Paths from the crate's root, or from a module's parent, that the text writes out, outside `use` too.
fn written_out(text: &str) -> Vec<String> {
    let starts = ["crate::", "super::"].into_iter();
    starts
        .flat_map(|start| text.match_indices(start))
        .filter(|(at, _)| {
            !text[..*at]
                .ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$' || c == ':')
        })
        .map(|(at, _)| {
            let rest = &text[at..];
            let end = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
                .unwrap_or(rest.len());
            rest[..end].trim_end_matches(':').to_owned()
        })
        .collect()
}

/// Which files of a crate import which, names followed to the file that defines them.
fn arrows(files: &BTreeMap<String, String>) -> BTreeMap<String, BTreeSet<String>> {
    let children = |module: &str| -> BTreeSet<String> {
        let prefix = if module.is_empty() {
            String::new()
        } else {
            format!("{module}::")
        };
        files
            .keys()
            .filter_map(|path| path.strip_prefix(&prefix))
            .map(|rest| rest.split("::").next().unwrap_or_default().to_owned())
            .filter(|child| !child.is_empty())
            .collect()
    };
    let mut handed_on: HashMap<(String, String), String> = HashMap::new();
    let mut wanted: Vec<(String, String)> = Vec::new();
    for (module, text) in files {
        let children = children(module);
        for (public, tree) in uses(text) {
            let mut paths = Vec::new();
            expand(&tree, "", &mut paths);
            for (path, name) in paths {
                let Some(target) = absolute(&path, module, &children) else {
                    continue;
                };
                if public {
                    handed_on.insert((module.clone(), name), target);
                } else {
                    wanted.push((module.clone(), target));
                }
            }
        }
        for path in written_out(text) {
            if let Some(target) = absolute(&path, module, &children) {
                wanted.push((module.clone(), target));
            }
        }
    }
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, mut target) in wanted {
        // Names that a module hands on belong to the file behind it.
        for _ in 0..8 {
            let Some((home, name)) = home(&target, files) else {
                break;
            };
            match handed_on.get(&(home, name)) {
                Some(behind) => target = behind.clone(),
                None => break,
            }
        }
        let file = if files.contains_key(&target) {
            target
        } else {
            home(&target, files).map_or_else(String::new, |(home, _)| home)
        };
        // A file in the folder of a module is a part of that module.
        let part = module.starts_with(&format!("{file}::"));
        if file != module && !file.is_empty() && !part {
            arrows.entry(module).or_default().insert(file);
        }
    }
    arrows
}

/// The longest prefix that is a file, and the name after it.
fn home(path: &str, files: &BTreeMap<String, String>) -> Option<(String, String)> {
    let parts: Vec<&str> = path.split("::").collect();
    (0..parts.len()).rev().find_map(|len| {
        let file = parts[..len].join("::");
        files
            .contains_key(&file)
            .then(|| (file, parts[len].to_owned()))
    })
}

/// Files that reach themselves.
fn circles(arrows: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let reaches_itself = |start: &String| {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&String> = arrows.get(start).into_iter().flatten().collect();
        while let Some(at) = open.pop() {
            if at == start {
                return true;
            }
            if seen.insert(at) {
                open.extend(arrows.get(at).into_iter().flatten());
            }
        }
        false
    };
    arrows
        .keys()
        .filter(|file| reaches_itself(file))
        .cloned()
        .collect()
}

#[test]
fn no_files_import_one_another_in_a_circle() {
    let mut found = Vec::new();
    for name in crates() {
        let files = modules(&root().join("crates").join(&name).join("src"));
        let arrows = arrows(&files);
        for file in circles(&arrows) {
            found.push(format!("{name}: {file} -> {:?}", arrows[&file]));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Name and version of every package of a lock file that has one name there.
fn locked(path: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let text = read(&root().join(path));
    for package in text.split("[[package]]").skip(1) {
        let value = |key: &str| {
            let lines = package.lines();
            let mut found = lines.filter_map(|line| line.strip_prefix(key));
            let quoted = found.next().expect("a key");
            quoted.trim_matches('"').to_owned()
        };
        let versions = all.entry(value("name = ")).or_default();
        versions.insert(value("version = "));
    }
    all
}

/// Fingerprints of results, and what was tested, are of the versions in Rhea's own lock file.
#[test]
fn workspaces_apart_lock_the_same_versions() {
    let ours = locked("Cargo.lock");
    for apart in ["python/Cargo.lock", "fuzz/Cargo.lock"] {
        let theirs = locked(apart);
        let mut shared = 0;
        for (name, versions) in &theirs {
            if let Some(known) = ours.get(name) {
                assert!(
                    versions.is_subset(known),
                    "{apart}: {name} {versions:?}, Cargo.lock has {known:?}; copy Cargo.lock over it \
                     and build"
                );
                shared += 1;
            }
        }
        assert!(shared > 300, "{apart}: {shared} packages");
        // Without a crate of ours that another one needs, `--locked` refuses to build there.
        let all = crates();
        for ours in all.iter().filter(|name| theirs.contains_key(*name)) {
            for beneath in dependencies(ours, &all) {
                assert!(
                    theirs.contains_key(&beneath),
                    "{apart}: {ours} needs {beneath}; run `cargo metadata` there"
                );
            }
        }
    }
}

/// Packages of this workspace's build with their features, by cargo.
fn built(arguments: &[&str]) -> BTreeSet<String> {
    let mut command = std::process::Command::new(env!("CARGO"));
    command
        .current_dir(root())
        .args(["tree", "--locked", "--offline"]);
    command.args(["--prefix", "none", "--format", "{p} {f}"]);
    let output = command.args(arguments).output().expect("cargo starts");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    let packages = text.lines().map(|line| line.trim_end_matches(" (*)"));
    packages.map(str::to_owned).collect()
}

/// A library whose features differ between the two is compiled twice, and all that stands on it.
#[test]
fn tests_are_built_on_the_libraries_of_the_command() {
    let command = built(&["--package", "harness", "--edges", "normal,build"]);
    let tests = built(&["--workspace"]);
    assert!(command.len() > 300, "{}", command.len());
    let apart: Vec<&String> = command.difference(&tests).collect();
    assert!(apart.is_empty(), "{apart:#?}");
}

/// Whoever multiplies does so by the gemm that a held process has prepared.
#[test]
fn there_is_one_gemm() {
    let ours = locked("Cargo.lock");
    for name in ["gemm-common", "gemm-f32", "gemm-f64"] {
        assert_eq!(ours[name].len(), 1, "{name}: {:?}", ours[name]);
    }
}

#[test]
fn a_circle_is_found() {
    let files = BTreeMap::from([
        (
            String::new(),
            "mod a;\nmod b;\npub use a::One;\n".to_owned(),
        ),
        (
            "a".to_owned(),
            "use crate::b::{Two, three as four};\n".to_owned(),
        ),
        ("b".to_owned(), "fn f() { crate::One::new() }\n".to_owned()),
        ("c".to_owned(), "use super::a::One;\n".to_owned()),
        ("d".to_owned(), "fn f() { super::e::g() }\n".to_owned()),
        ("e".to_owned(), "use super::d::Five;\n".to_owned()),
    ]);
    assert_eq!(circles(&arrows(&files)), ["a", "b", "d", "e"]);
}
