//! `harness audit`.

use heads::Asked;

use crate::audit::{self, AuditOptions};
use crate::cli::{HeadAuditArgs, Options};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::heads::given::{Saved, Source};

/// Audits a head; the text says what was read back, the exit code whether the gate lets it pass.
///
/// # Errors
/// If the config is none of an audit, or the head or the data are refused.
pub fn audit(
    args: &HeadAuditArgs,
    options: &Options,
    context: &Context,
) -> Result<(String, Exit), Failure> {
    let loaded = config::load(std::slice::from_ref(&args.config), &options.overrides)?;
    let [loaded] = loaded.as_slice() else {
        return Err(Failure::new(
            &"one config is audited at a time",
            Exit::Usage,
        ));
    };
    let audit = audit::of(&loaded.experiment, &loaded.path)?;
    let how = AuditOptions {
        head: args.head.clone().map(|path| Saved {
            source: Source::File(path),
            asked: Asked {
                activation: args.activation,
                layers: args.layers.clone(),
            },
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
