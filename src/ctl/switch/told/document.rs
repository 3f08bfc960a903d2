//! The same for programs.

use serde::Serialize;

use super::{Outcome, Told, Unit};

/// What `enable`, `disable`, `wrap` and `unwrap` print with `--json`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Document<'a> {
    dry_run: bool,
    reloaded: bool,
    file: &'a str,
    result: &'a str,
    units: Vec<Row<'a>>,
    diff: Option<&'a str>,
    restarted: &'a [String],
    next: &'a [String],
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Row<'a> {
    unit: &'a str,
    result: &'a str,
    said: String,
    warnings: &'a [String],
}

impl<'a> From<&'a Unit> for Row<'a> {
    fn from(unit: &'a Unit) -> Self {
        let result = match unit.result {
            Outcome::Inside => "inside",
            Outcome::ByItself(_) => "by-itself",
            Outcome::ByDaemon(_) => "by-daemon",
            Outcome::Later => "later",
            Outcome::Not(_) => "refused",
            Outcome::Outside => "outside",
            Outcome::Never => "absent",
        };
        Row { unit: unit.name.as_str(), result, said: unit.line(), warnings: &unit.warnings }
    }
}

impl Told {
    pub(super) fn document(&self) -> Document<'_> {
        Document {
            dry_run: self.dry_run,
            reloaded: self.running && !self.dry_run,
            file: &self.file,
            result: self.result,
            units: self.units.iter().map(Row::from).collect(),
            diff: self.diff.as_deref(),
            restarted: &self.restarted,
            next: &self.next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::json::schema_tests::is_documented;

    #[test]
    fn what_programs_get_is_documented() {
        is_documented::<Document<'_>>("enable");
    }
}
