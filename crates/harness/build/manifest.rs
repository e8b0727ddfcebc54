//! What the build script reads of `Cargo.toml`.

/// A crate's manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The crate's name.
    pub name: String,
    /// What it is built on; what only its tests and build script use is not.
    pub dependencies: Vec<String>,
    /// The lines that decide what is built.
    pub meaning: String,
}

impl Manifest {
    /// Reads a manifest as cargo writes it: a table a header, a dependency a line or a table.
    pub fn parse(text: &str) -> Self {
        let mut manifest = Self::default();
        let mut table = String::new();
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(header) = line.strip_prefix('[') {
                table = header.trim_matches(['[', ']']).to_owned();
                if let Some((_, name)) = table.rsplit_once("dependencies.")
                    && counts(&table)
                {
                    manifest
                        .dependencies
                        .push(name.trim_matches('"').to_owned());
                }
                continue;
            }
            if !counts(&table) {
                continue;
            }
            manifest.meaning += &format!("{table}: {line}\n");
            let key = line.split(['=', '.', ' ']).next().unwrap_or_default();
            if table == "package" && key == "name" {
                manifest.name = line.split('"').nth(1).unwrap_or_default().to_owned();
            }
            if table == "dependencies" || table.ends_with(".dependencies") {
                manifest.dependencies.push(key.trim_matches('"').to_owned());
            }
        }
        manifest
    }
}

/// Whether a table has a say in what the crate's code does.
fn counts(table: &str) -> bool {
    let others = [
        "dev-dependencies",
        "build-dependencies",
        "lints",
        "bench",
        "test",
        "bin",
    ];
    !others
        .iter()
        .any(|other| table == *other || table.contains(&format!("{other}.")))
}

/// The workspace's line on a dependency: its features change what it does.
pub fn workspace_line(manifest: &str, name: &str) -> Option<String> {
    let mut inside = false;
    manifest.lines().map(str::trim).find_map(|line| {
        if line.starts_with('[') {
            inside = line == "[workspace.dependencies]";
        }
        let key = line.split(['=', ' ']).next()?;
        (inside && key == name).then(|| line.to_owned())
    })
}
