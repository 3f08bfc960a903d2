//! kubensctl's command line.

pub mod mounts;
mod values;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use super::{Outcome, explain, manners, os_words};
use crate::exit::{Exit, Report};
use crate::model::json::Layout;
use crate::model::node::telling::metrics::Format;
use crate::model::pin;
use crate::model::units::exec::Exec;
use crate::sys::raw::Words;

/// Manage the mount namespace of the kubelet and the container runtime
#[derive(Parser)]
#[command(
    name = "kubensctl",
    version,
    arg_required_else_help = false,
    next_help_heading = "Options of every verb"
)]
pub struct Asked {
    /// Say less; may be repeated
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub quiet: u8,
    /// Say more; may be repeated
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Do not use a pager
    #[arg(long, global = true)]
    pub no_pager: bool,
    /// The pin's directory
    #[arg(long, global = true, value_name = "DIR", default_value = pin::DEFAULT_DIR)]
    pub dir: PathBuf,
    /// What to do
    #[command(subcommand)]
    pub verb: Verb,
}

/// A verb and its options.
#[derive(Subcommand)]
pub enum Verb {
    /// Create the namespace and pin it, if it is not pinned already
    Pin {
        /// Say it in JSON
        #[arg(long, value_name = "LAYOUT", num_args = 0..=1, require_equals = true, default_missing_value = "short")]
        json: Option<Layout>,
    },
    /// Remove the pin, unless processes run in the namespace
    Unpin {
        /// Remove it all the same
        #[arg(long)]
        force: bool,
        /// Say it in JSON
        #[arg(long, value_name = "LAYOUT", num_args = 0..=1, require_equals = true, default_missing_value = "short")]
        json: Option<Layout>,
    },
    /// Unmount on the host what is left of pods that are gone
    Tidy {
        /// Only say what it would unmount
        #[arg(long)]
        dry_run: bool,
        /// Look again every SECONDS, until none is left
        #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "60",
            conflicts_with_all = ["dry_run", "json"])]
        wait: Option<u32>,
        /// Say it in JSON
        #[arg(long, value_name = "LAYOUT", num_args = 0..=1, require_equals = true, default_missing_value = "short")]
        json: Option<Layout>,
    },
    /// Have these services run inside
    Wrap(Wrap),
    /// Undo wrap
    Unwrap(Unwrap),
    /// Have the container runtime and the kubelet run inside
    Enable(Enable),
    /// Undo enable
    Disable(Disable),
    /// Say whether it is in effect, and which service runs on which side
    Status(Status),
    /// List the mounts inside, and the pod that each belongs to
    Mounts(mounts::Mounts),
    /// Look for known problems, and say how to solve each
    Check {
        /// Say it in JSON
        #[arg(long, value_name = "LAYOUT", num_args = 0..=1, require_equals = true, default_missing_value = "short")]
        json: Option<Layout>,
    },
    /// Write all of that into one file, for a support case
    Report {
        /// The file, which must not be there yet; -: standard output
        file: PathBuf,
    },
    /// Print metrics for Prometheus
    Metrics {
        /// Write them to FILE, in one step; -: standard output
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// prometheus or openmetrics
        #[arg(long, value_name = "FORMAT", default_value = "prometheus", hide_possible_values = true)]
        format: Format,
    },
    /// Print the completion script for a shell
    Completion {
        /// The shell
        shell: Shell,
        /// Of this command alone, as a file that the shell loads by its name
        command: Option<Name>,
    },
    /// Tell a package's scripts which files start services through this program
    #[command(hide = true)]
    Dependents,
    /// Tell a completion script what may stand in the place of the last word
    #[command(hide = true)]
    Offer {
        /// The command whose line it is
        command: Name,
        /// The line, up to the word that is being typed
        #[arg(last = true)]
        words: Vec<OsString>,
    },
}

/// A shell that completions are made for.
#[derive(Clone, Copy, ValueEnum)]
pub enum Shell {
    /// bash(1)
    Bash,
    /// zsh(1)
    Zsh,
    /// fish(1)
    Fish,
}

/// A name that the program answers to.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Name {
    /// kubensenter(1)
    Kubensenter,
    /// kubensctl(8)
    Kubensctl,
}

/// Where the configuration is changed, and what is said about it.
#[derive(Args)]
pub struct Place {
    /// Restart what runs on the wrong side, runtime first
    #[arg(long, conflicts_with_all = ["root", "dry_run"])]
    pub now: bool,
    /// Work on the image below DIR instead of on this machine
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Show the difference, change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON
    #[arg(long, value_name = "LAYOUT", num_args = 0..=1, require_equals = true, default_missing_value = "short")]
    pub json: Option<Layout>,
}

/// `status`
#[derive(Args)]
pub struct Status {
    /// Say where this process or service runs, and nothing else
    #[arg(value_name = "PID|UNIT")]
    pub whom: Option<String>,
    /// List the processes inside
    #[arg(long, conflicts_with = "whom")]
    pub members: bool,
    /// Say it in JSON
    #[arg(long, value_name = "LAYOUT", num_args = 0..=1, require_equals = true, default_missing_value = "short")]
    pub json: Option<Layout>,
}

/// `wrap`
#[derive(Args)]
pub struct Wrap {
    /// Run these commands inside, too, besides ExecStart
    #[arg(long, value_name = "EXEC", value_delimiter = ',', value_parser = exec)]
    pub also: Vec<Exec>,
    /// Where, and what is said
    #[command(flatten)]
    pub place: Place,
    /// The services
    #[arg(required = true, value_name = "UNIT")]
    pub units: Vec<String>,
}

/// `unwrap`
#[derive(Args)]
pub struct Unwrap {
    /// Where, and what is said
    #[command(flatten)]
    pub place: Place,
    /// The services
    #[arg(required = true, value_name = "UNIT")]
    pub units: Vec<String>,
}

/// `enable`
#[derive(Args)]
pub struct Enable {
    /// Where, and what is said
    #[command(flatten)]
    pub place: Place,
}

/// `disable`
#[derive(Args)]
pub struct Disable {
    /// With --now: also while pods have mounts inside
    #[arg(long)]
    pub force: bool,
    /// Where, and what is said
    #[command(flatten)]
    pub place: Place,
}

fn exec(word: &str) -> Result<Exec, String> {
    Exec::named(word.trim_end_matches('=')).ok_or_else(|| {
        let keys = Exec::ALL.map(Exec::key).join(", ");
        format!("it is one of {keys}")
    })
}

impl Asked {
    /// Whether this is about doing something, and the report only says what was done.
    pub fn acts(&self) -> bool {
        !matches!(
            self.verb,
            Verb::Status(_)
                | Verb::Mounts(_)
                | Verb::Check { .. }
                | Verb::Metrics { .. }
                | Verb::Completion { .. }
                | Verb::Offer { .. }
        )
    }

    /// Whether the report may be long, and is for reading.
    pub fn is_for_a_pager(&self) -> bool {
        !self.no_pager && matches!(self.verb, Verb::Mounts(mounts::Mounts { json: None, watch: false, .. }))
    }
}

/// The parser, as clap knows it.
pub fn command() -> clap::Command {
    let command = Asked::command();
    let verbs = manners::verbs(&command);
    command
        .override_usage("kubensctl [OPTION]... VERB [ARGUMENT]...")
        .help_template(format!(
            "{{about}}\n\n{{usage-heading}} {{usage}}\n\n{verbs}Options:\n{{options}}{{after-help}}"
        ))
        .after_help(manners::STATUSES)
}

/// Reads the command line; the first word is the program's own name.
///
/// # Errors
/// Usage, with status 2.
pub fn read(words: Words<'_>) -> anyhow::Result<Outcome<Asked>> {
    let parsed =
        command().try_get_matches_from(os_words(words)).and_then(|found| Asked::from_arg_matches(&found));
    match parsed {
        Ok(asked) => Ok(Outcome::Ask(asked)),
        Err(error) if error.kind() == ErrorKind::MissingSubcommand => {
            Ok(Outcome::Tell(Report { exit: Exit::Usage, text: manners::short_help() }))
        }
        Err(error) => explain(&error, command(), words, Exit::Usage),
    }
}
