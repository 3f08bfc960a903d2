//! Words of the command line that `model` has as values.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::model::json::Layout;
use crate::model::node::telling::metrics::Format;

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        &[Format::Prometheus, Format::OpenMetrics]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Format::Prometheus => "prometheus",
            Format::OpenMetrics => "openmetrics",
        }))
    }
}

impl ValueEnum for Layout {
    fn value_variants<'a>() -> &'a [Self] {
        &[Layout::Short, Layout::Pretty]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Layout::Short => "short",
            Layout::Pretty => "pretty",
        }))
    }
}
