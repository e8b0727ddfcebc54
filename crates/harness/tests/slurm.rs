//! Experiments as jobs of Slurm: the scripts, and the jobs themselves where there is a Slurm.

mod small;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use small::{command as harness, results, said};
use tempfile::TempDir;

const SWEEP: &str = "
sweep:
  shots: [1, 2]
  null: [independent, gaussian]
  attack: { unmixing: { samples: 1000 } }
";

fn done(mut command: Command) -> Output {
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    output
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The folder of the scripts that lie below `folder`.
fn scripts(folder: &Path) -> PathBuf {
    let all = folder.join("results/small/slurm");
    let mut found = std::fs::read_dir(&all)
        .unwrap()
        .map(|it| it.unwrap().path());
    let only = found.next().expect("scripts are written");
    assert!(found.next().is_none(), "one folder a config");
    only
}

#[test]
fn what_is_asked_for_stands_in_the_scripts() {
    let folder = small::folder(SWEEP);
    let line = "slurm small.yaml --array-size 3 --time 1-12:00 --mem 4G --partition long,short --jobs 8 \
                --set seed=11 --instructions avx2";
    let words: Vec<&str> = line.split_whitespace().collect();
    let output = done(harness(folder.path(), &words));
    let scripts = scripts(folder.path());
    assert!(read(&scripts.join("config.yaml")).contains("seed: 11"));
    let told = |text: &str| {
        // The real path: what a temporary folder is called may itself be a link.
        let here = std::fs::canonicalize(folder.path()).unwrap();
        let program = assert_cmd::cargo::cargo_bin("harness");
        let name = scripts.file_name().unwrap().to_str().unwrap();
        text.replace(program.to_str().unwrap(), "HARNESS")
            .replace(here.to_str().unwrap(), "HERE")
            .replace(name, "HASH")
    };
    insta::assert_snapshot!(told(&printed(&output)), @r##"
    small: 2 shards of 4 cells
      HERE/results/small/slurm/HASH/array.sbatch
      HERE/results/small/slurm/HASH/merge.sbatch
      to queue them: sbatch --dependency=afterany:"$(sbatch --parsable 'HERE/results/small/slurm/HASH/array.sbatch')" 'HERE/results/small/slurm/HASH/merge.sbatch'
    "##);
    insta::assert_snapshot!(told(&read(&scripts.join("array.sbatch"))), @r##"
    #!/bin/bash
    # Written by `harness slurm`: small in 2 shards.
    #SBATCH --job-name=rhea-small
    #SBATCH --output="HERE/results/small/slurm/HASH/shard-%a.log"
    #SBATCH --open-mode=append
    #SBATCH --ntasks=1
    #SBATCH --cpus-per-task=8
    #SBATCH --time=1-12:00
    #SBATCH --mem=4G
    #SBATCH --partition=long,short
    #SBATCH --array=1-2
    #SBATCH --requeue
    set -eu
    echo "shard $SLURM_ARRAY_TASK_ID/2, start $((${SLURM_RESTART_COUNT:-0} + 1)), on ${SLURMD_NODENAME:-$(hostname)}"
    exec 'HARNESS' run --shard "$SLURM_ARRAY_TASK_ID/2" --instructions avx2 \
      --results 'HERE/results' \
      --cache 'HERE/.rhea-cache' \
      --data 'HERE/data' \
      --jobs "${SLURM_CPUS_PER_TASK:-1}" \
      'HERE/results/small/slurm/HASH/config.yaml'
    "##);
    insta::assert_snapshot!(told(&read(&scripts.join("merge.sbatch"))), @r##"
    #!/bin/bash
    # Written by `harness slurm`: small: results of all shards.
    #SBATCH --job-name=rhea-small-merge
    #SBATCH --output="HERE/results/small/slurm/HASH/merge.log"
    #SBATCH --open-mode=append
    #SBATCH --ntasks=1
    #SBATCH --cpus-per-task=8
    #SBATCH --time=1-12:00
    #SBATCH --mem=4G
    #SBATCH --partition=long,short
    set -eu
    exec 'HARNESS' merge \
      --results 'HERE/results' \
      --cache 'HERE/.rhea-cache' \
      --data 'HERE/data' \
      --jobs "${SLURM_CPUS_PER_TASK:-1}" \
      'HERE/results/small/slurm/HASH/config.yaml'
    "##);
}

#[test]
fn no_more_jobs_than_groups_of_cells() {
    let folder = small::folder(SWEEP);
    let output = done(harness(folder.path(), &["slurm", "small.yaml"]));
    assert!(
        printed(&output).starts_with("small: 2 shards of 4 cells\n"),
        "{}",
        printed(&output)
    );
    for wrong in [
        ["--time", "soon"],
        ["--mem", "4GB"],
        ["--partition", "a b"],
        ["--array-size", "0"],
    ] {
        let arguments = [["slurm", "small.yaml"], wrong].concat();
        let output = harness(folder.path(), &arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn the_scripts_run_wherever_they_lie_and_give_what_one_run_gives() {
    let whole = small::folder(SWEEP);
    done(harness(whole.path(), &["small.yaml", "-q"]));
    let outside = tempfile::tempdir().unwrap();
    let folder = outside.path().join("it's 100 % \"odd\" $HOME\\");
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy(whole.path().join("small.yaml"), folder.join("small.yaml")).unwrap();
    done(harness(&folder, &["slurm", "small.yaml"]));
    // What is queued is what was asked for then, whatever becomes of the config.
    std::fs::write(folder.join("small.yaml"), "nothing").unwrap();
    let scripts = scripts(&folder);
    let bash = |script: &str, task: &str| {
        let mut command = Command::new("bash");
        command
            .arg(scripts.join(script))
            .current_dir("/")
            .env("SLURM_ARRAY_TASK_ID", task)
            .env("SLURM_RESTART_COUNT", "1");
        done(command)
    };
    for task in ["1", "2"] {
        let output = bash("array.sbatch", task);
        let first = format!("shard {task}/2, start 2, on ");
        assert!(printed(&output).starts_with(&first), "{}", printed(&output));
    }
    bash("merge.sbatch", "");
    assert_eq!(results(&folder), results(whole.path()));
}

#[test]
fn jobs_are_submitted_with_the_merge_behind_the_shards() {
    let folder = small::folder(SWEEP);
    let bin = folder.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let sbatch = bin.join("sbatch");
    let with = |script: &str| {
        std::fs::write(&sbatch, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&sbatch, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let mut command = harness(folder.path(), &["slurm", "small.yaml", "--submit"]);
        command.env("PATH", path).output().unwrap()
    };
    let output = with("echo \"$@\" >> asked; echo \"4$(wc -l < asked);cluster\"");
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        printed(&output).ends_with("  queued: job 41, then job 42 merges\n"),
        "{}",
        printed(&output)
    );
    let asked = read(&folder.path().join("asked"));
    let asked: Vec<&str> = asked.lines().collect();
    assert!(asked[0].starts_with("--parsable /"), "{asked:?}");
    assert!(
        asked[1].starts_with("--parsable --dependency=afterany:41 /"),
        "{asked:?}"
    );

    let output = with("echo 'sbatch: error: invalid partition' >&2; exit 1");
    assert_eq!(output.status.code(), Some(1));
    let message = said(&output);
    assert!(
        message.contains("array.sbatch: sbatch: error: invalid partition"),
        "{message}"
    );
    // Shards without a merge are said, and how to take them back.
    let output = with("case \"$*\" in *afterany*) exit 1 ;; esac; echo 7");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("hint: `scancel 7`"),
        "{}",
        said(&output)
    );

    let mut command = harness(folder.path(), &["slurm", "small.yaml", "--submit"]);
    let output = command.env("PATH", folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = said(&output);
    assert!(
        message.contains("cannot start sbatch") && message.contains("\nhint: "),
        "{message}"
    );
}

/// A Slurm of its own, which ends with the test.
struct Slurm {
    folder: TempDir,
}

impl Slurm {
    fn start() -> Self {
        let slurm = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        slurm.script("start");
        slurm
    }

    fn script(&self, word: &str) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/slurm-local.sh");
        let mut command = Command::new(script);
        // Daemons keep what they inherit.
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let status = command.arg(word).arg(self.folder.path()).status();
        assert!(status.expect("it starts").success(), "slurm-local {word}");
    }

    fn command(&self, mut command: Command) -> Command {
        command.env("SLURM_CONF", self.folder.path().join("slurm.conf"));
        command
    }

    fn ask(&self, program: &str, arguments: &[&str]) -> String {
        let mut command = self.command(Command::new(program));
        command.args(arguments);
        printed(&done(command))
    }

    /// Jobs that wait or run.
    fn queue(&self) -> String {
        self.ask("squeue", &["--noheader", "--format", "%i %T"])
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        self.script("stop");
    }
}

fn wait(what: &str, mut until: impl FnMut() -> bool) {
    let started = Instant::now();
    while !until() {
        assert!(started.elapsed() < Duration::from_secs(300), "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
#[ignore = "needs Slurm, which scripts/slurm-local.sh starts as root"]
fn four_shards_one_killed_and_queued_again_merge_byte_for_byte() {
    let sweep = SWEEP
        .replace("shots: [1, 2]", "shots: [1, 2, 3, 4]")
        .replace(
            "attack: { unmixing: { samples: 1000 } }",
            "attack: [{ unmixing: { samples: 1000 } }, { unmixing: { samples: 20000 } }]",
        );
    let whole = small::folder(&sweep);
    done(harness(whole.path(), &["small.yaml", "-q"]));
    let expected = results(whole.path());
    assert_eq!(expected.lines().count(), 1 + 16, "{expected}");

    let slurm = Slurm::start();
    let parts = small::folder(&sweep);
    let line = "slurm small.yaml --submit --array-size 4 --time 10 --partition main";
    let words: Vec<&str> = line.split_whitespace().collect();
    let output = done(slurm.command(harness(parts.path(), &words)));
    let said = printed(&output);
    assert!(said.starts_with("small: 4 shards of 16 cells\n"), "{said}");
    let job = said.split("queued: job ").nth(1).unwrap();
    let job = job.split(',').next().unwrap();
    let logs = scripts(parts.path());
    let log = |shard: usize| {
        std::fs::read_to_string(logs.join(format!("shard-{shard}.log"))).unwrap_or_default()
    };
    // Slurm kills the first shard once it has finished a stage of its own, and queues it again.
    wait("no shard has finished a stage", || {
        log(1).lines().any(made) || !slurm.queue().contains(&format!("{job}_"))
    });
    slurm.ask("scontrol", &["requeue", &format!("{job}_1")]);
    wait("jobs do not end", || slurm.queue().is_empty());

    let all: Vec<String> = (1..=4).map(log).collect();
    assert!(all[0].contains("shard 1/4, start 2, on "), "{}", all[0]);
    let mut stages: Vec<&str> = all
        .iter()
        .flat_map(|log| log.lines())
        .filter(|line| made(line))
        .map(|line| line.split(" in ").next().unwrap())
        .collect();
    let count = stages.len();
    stages.sort_unstable();
    stages.dedup();
    assert_eq!(stages.len(), count, "a stage is made twice: {all:#?}");
    assert!(stages.len() > 16, "{all:#?}");
    assert_eq!(
        results(parts.path()),
        expected,
        "{}",
        read(&logs.join("merge.log"))
    );
}

/// Whether a line says that a stage is made.
fn made(line: &str) -> bool {
    line.starts_with("  ") && line.ends_with(" s") && line.contains(" in ")
}
