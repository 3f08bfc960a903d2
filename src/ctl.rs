//! kubensctl: one file a verb.

mod completion;
mod pin;
mod wrap;

use crate::cli::ctl::{Asked, Verb};
use crate::exit::{Failure, Report};
use crate::log::Voice;

/// Does what was asked.
///
/// # Errors
/// Status 1, unless the verb says otherwise.
#[allow(clippy::unnecessary_wraps)] // the verb there is cannot fail; others can
pub fn run(asked: &Asked, voice: Voice) -> Result<Report, Failure> {
    voice.start(1 + i64::from(asked.verbose) - i64::from(asked.quiet));
    match &asked.verb {
        Verb::Completion { shell, command } => Ok(completion::completion(*shell, *command)),
        Verb::Pin { json } => pin::pin(&asked.dir, *json),
        Verb::Unpin { force, json } => pin::unpin(&asked.dir, *force, *json),
        Verb::Wrap(wrap) => wrap::wrap(wrap, &asked.dir),
        Verb::Unwrap(unwrap) => wrap::unwrap(unwrap),
        Verb::Enable(enable) => wrap::node::enable(enable, &asked.dir),
        Verb::Disable(disable) => wrap::node::disable(disable),
    }
}
