//! What is said about the steps: lines for people, the difference for `--dry-run`, JSON for programs.

use super::step::{End, Step};
use crate::exit::Report;
use crate::model::diff;
use crate::model::json::{self, Json, Layout};
use crate::model::text::Shown;

pub(super) struct Told<'a> {
    steps: &'a [Step],
    dry_run: bool,
    /// Whether systemd read its units again.
    pub(super) reloaded: bool,
    /// Lines about what was done besides the steps.
    pub(super) besides: Vec<String>,
    /// What is left to do.
    pub(super) next: Vec<String>,
}

impl<'a> Told<'a> {
    pub(super) fn new(steps: &'a [Step], dry_run: bool) -> Self {
        Told { steps, dry_run, reloaded: false, besides: Vec::new(), next: Vec::new() }
    }

    pub(super) fn report(&self, json: Option<Layout>) -> Report {
        Report::done(json.map_or_else(|| self.text(), |layout| json::document(&self.json(), layout)))
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for step in self.steps {
            text += &if self.dry_run && step.change().is_some() { difference(step) } else { line(step) };
        }
        for line in &self.besides {
            text.extend([line, "\n"]);
        }
        for line in &self.next {
            text.extend(["next: ", line, "\n"]);
        }
        text
    }

    fn json(&self) -> Json {
        let lines = |lines: &[String]| Json::list(lines, |line| Json::from(&line[..]));
        let unit = |step: &Step| {
            let difference = self.dry_run.then(|| Json::from(&difference(step)[..]));
            Json::Object(vec![
                ("unit", step.unit.as_str().into()),
                ("kind", step.kind.word().into()),
                ("result", word(step).into()),
                ("file", Json::bytes(step.file.as_bytes())),
                ("warnings", lines(&step.warnings)),
                ("diff", difference.unwrap_or(Json::Null)),
            ])
        };
        Json::Object(vec![
            ("dry_run", self.dry_run.into()),
            ("reloaded", self.reloaded.into()),
            ("units", Json::list(self.steps, unit)),
            ("besides", lines(&self.besides)),
            ("next", lines(&self.next)),
        ])
    }
}

fn word(step: &Step) -> &'static str {
    match step.end {
        End::Written(_) => "written",
        End::Current => "current",
        End::Inside => "inside",
        End::Removed => "removed",
        End::Absent => "absent",
    }
}

fn line(step: &Step) -> String {
    let (unit, file) = (&step.unit, &step.file);
    match step.end {
        End::Written(_) => format!("{unit}: runs inside from its next start on, by {file}\n"),
        End::Current => format!("{unit}: is wrapped already, by {file}\n"),
        End::Inside => format!("{unit}: gets inside already, by {file}; not wrapped again\n"),
        End::Removed => format!("{unit}: runs on the host from its next start on; {file} is gone\n"),
        End::Absent => format!("{unit}: is not wrapped; there is no {file}\n"),
    }
}

fn difference(step: &Step) -> String {
    let Some(change) = step.change() else {
        return String::new();
    };
    let text =
        |bytes: &Option<Vec<u8>>| bytes.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let (old, new) = (text(&change.old), text(&change.new));
    diff::unified(&Shown::of(&change.path).to_string(), old.as_deref(), new.as_deref())
}
