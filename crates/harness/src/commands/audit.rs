//! `harness audit`.

use config::experiment::Kind;

use crate::audit::{self, AuditOptions};
use crate::cli::{HeadAuditArgs, Options};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::heads::given::Saved;

/// Audits a head; the text says what was read back, the exit code whether the gate lets it pass.
///
/// # Errors
/// If the config is none of an audit, or the head or the data are refused.
pub fn audit(
    args: &HeadAuditArgs,
    options: &Options,
    context: &Context,
) -> Result<(String, Exit), Failure> {
    let usage = |text: String| Failure::new(&text, Exit::Usage);
    if let Some(rate) = args.max_tpr.filter(|rate| !(*rate > 0.0 && *rate <= 1.0)) {
        return Err(usage(format!(
            "--max-tpr: found {rate}, expected a rate above 0 and up to 1, such as 0.05"
        )));
    }
    let loaded = config::load(std::slice::from_ref(&args.config), &options.overrides)?;
    let [loaded] = loaded.as_slice() else {
        return Err(usage("one config is audited at a time".into()));
    };
    let Kind::Audit(audit) = &loaded.experiment.kind else {
        return Err(usage(format!(
            "{}: an experiment, not an audit\nhint: give it `shots` and `attack` in place of `sweep`; \
             configs/audit.yaml is one",
            loaded.path.display()
        )));
    };
    let how = AuditOptions {
        head: args.head.clone().map(|path| Saved {
            path,
            activation: args.activation,
            layers: args.layers.clone(),
            classes: args.classes.clone(),
        }),
        max_tpr: args.max_tpr,
        only_kept: false,
    };
    let experiment = &loaded.experiment;
    let named = || context.results.join(&experiment.name);
    let folder = args.out.clone().unwrap_or_else(named);
    context.store.sweep();
    let audited = audit::run(context, experiment, audit, &folder, &how)?;
    let exit = match audited.verdict.passes {
        Some(false) => Exit::FellShort,
        _ if audited.counts.failed > 0 => Exit::Failed,
        _ => Exit::Done,
    };
    let mut text = audited.verdict.line + "\n";
    if let (Some(limit), Some(passes)) = (audited.verdict.max_tpr, audited.verdict.passes) {
        text += &format!(
            "gate: {} ({:.4}, at most {limit})\n",
            if passes { "passed" } else { "fell short" },
            audited.verdict.measured
        );
    }
    Ok((text, exit))
}
