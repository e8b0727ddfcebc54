//! From arguments to an exit code.

use std::ffi::OsString;

use config::experiment::Experiment;

use crate::cli::{Cli, Command, ConfigArgs, Options};
use crate::commands;
use crate::context::Context;
use crate::costs::Costs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt;
use crate::message;
use crate::plan::Plan;
use crate::run::{Part, RunOptions, run};

/// Runs the command; what it has to say goes to standard output, progress and errors to standard
/// error.
pub fn main(args: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::read(args) {
        Ok(cli) => cli,
        Err(error) => {
            let usage = error.use_stderr();
            // Nobody is left to tell that the stream is closed.
            let _ = error.print();
            return if usage { Exit::Usage } else { Exit::Done };
        }
    };
    // Before anything asks the processor, and before there are threads.
    if let Some(Err(error)) = cli.instructions().map(processor::hold_to) {
        message::error(&error.to_string());
        return Exit::Usage;
    }
    if let Some(jobs) = cli.options.jobs {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(usize::from(jobs));
        if let Err(error) = pool.build_global() {
            message::error(&format!("cannot start {jobs} threads: {error}"));
            return Exit::Failed;
        }
    }
    if let Err(error) = backbones::train_on(cli.options.device) {
        message::error(&error.to_string());
        return Exit::Usage;
    }
    match dispatch(&cli) {
        Ok(exit) => exit,
        Err(failure) => {
            message::error(&failure.message);
            failure.exit
        }
    }
}

fn dispatch(cli: &Cli) -> Result<Exit, Failure> {
    let answered = |text: String| match message::answer(&text) {
        Ok(()) => Ok(Exit::Done),
        Err(error) => Err(Failure::new(
            &format!("cannot write to standard output: {error}"),
            Exit::Failed,
        )),
    };
    match &cli.command {
        Command::Run(args) => {
            let part = args.shard.map_or(Part::Whole, Part::Shard);
            run_configs(&args.configs, part, &cli.options)
        }
        Command::Merge(configs) => run_configs(configs, Part::Merge, &cli.options),
        Command::Slurm(args) => {
            let experiments = experiments(&args.configs, &cli.options)?;
            let context = context(&cli.options);
            answered(commands::slurm(args, &cli.options, &context, &experiments)?)
        }
        Command::Cache(command) => answered(commands::cache(command, &context(&cli.options))?),
        Command::Plan(args) => answered(plan_configs(args, &cli.options)?),
        Command::Privacy(command) => answered(commands::privacy(command)?),
        Command::Schema(args) => answered(commands::schema(*args)),
        Command::Audit(args) => {
            interrupt::finish_writes_first();
            let (text, exit) = commands::audit(args, &cli.options, &context(&cli.options))?;
            answered(text)?;
            Ok(exit)
        }
        Command::Check(args) => {
            let (text, exit) = commands::check(args)?;
            answered(text)?;
            Ok(exit)
        }
        Command::Show(args) => answered(commands::show(args)?),
        Command::Data(command) => {
            let (text, exit) = commands::data(command, &cli.options.data)?;
            answered(text)?;
            Ok(exit)
        }
        Command::Rhe(command) => answered(commands::rhe(command)?),
        Command::Bench(args) => answered(commands::bench(args)?),
    }
}

fn context(options: &Options) -> Context {
    let (results, data) = (options.results.clone(), options.data.clone());
    Context::new(results, &options.cache, data, options.quiet)
}

fn experiments(args: &ConfigArgs, options: &Options) -> Result<Vec<Experiment>, Failure> {
    let loaded = config::load(&args.configs, &options.overrides)?;
    Ok(loaded.into_iter().map(|loaded| loaded.experiment).collect())
}

fn run_configs(args: &ConfigArgs, part: Part, options: &Options) -> Result<Exit, Failure> {
    let experiments = experiments(args, options)?;
    interrupt::finish_writes_first();
    let run_options = RunOptions {
        fail_fast: options.fail_fast,
        part,
    };
    let counts = run(&context(options), &experiments, run_options)?;
    Ok(if counts.failed == 0 {
        Exit::Done
    } else {
        Exit::Failed
    })
}

fn plan_configs(args: &ConfigArgs, options: &Options) -> Result<String, Failure> {
    let context = context(options);
    let costs = Costs::load(context.store.root());
    let mut text = String::new();
    for experiment in experiments(args, options)? {
        text += &Plan::new(&context, &experiment)?.render(&costs);
    }
    Ok(text)
}
