//! Writes the text format that Prometheus reads (exposition format 0.0.4).

use std::fmt::{Display, Write as _};

/// What `Content-Type` says of it.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What a family's samples are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Grows from the program's start.
    Counter,
    /// As it is at the moment.
    Gauge,
    /// How often values fell below limits.
    Histogram,
}

/// A page of families, each with all its samples.
#[derive(Debug, Default)]
pub(crate) struct Exposition {
    text: String,
    family: &'static str,
}

/// Label names are ours, and so are values: none comes from the outside.
pub(crate) type Labels<'a> = &'a [(&'a str, &'a dyn Display)];

impl Exposition {
    /// Begins a family; the samples that follow are its.
    pub(crate) fn family(&mut self, name: &'static str, kind: Kind, help: &str) -> &mut Self {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        self.family = name;
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
        self
    }

    /// A sample.
    pub(crate) fn sample(&mut self, labels: Labels<'_>, value: impl Display) -> &mut Self {
        let (family, labels) = (self.family, written(labels, None));
        self.line(format_args!("{family}{labels} {value}"));
        self
    }

    /// A histogram: how many values were at most each limit and above the limit before, with those above all of them
    /// last; and the sum of all values.
    pub(crate) fn histogram(
        &mut self,
        labels: Labels<'_>,
        limits: &[impl Display],
        buckets: &[u64],
        sum: impl Display,
    ) -> &mut Self {
        let (family, mut count) = (self.family, 0);
        let limits = limits.iter().map(|limit| limit as &dyn Display).chain([&"+Inf" as &dyn Display]);
        for (limit, bucket) in limits.zip(buckets) {
            count += bucket;
            let labels = written(labels, Some(limit));
            self.line(format_args!("{family}_bucket{labels} {count}"));
        }
        let labels = written(labels, None);
        self.line(format_args!("{family}_sum{labels} {sum}"));
        self.line(format_args!("{family}_count{labels} {count}"));
        self
    }

    /// The page.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "{line}");
    }
}

fn written(labels: Labels<'_>, limit: Option<&dyn Display>) -> String {
    let le = limit.map(|limit| ("le", limit));
    let all: Vec<_> =
        labels.iter().copied().chain(le).map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    if all.is_empty() { String::new() } else { format!("{{{}}}", all.join(",")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_the_format_says() {
        let mut page = Exposition::default();
        page.family("calls", Kind::Gauge, "Live calls.").sample(&[], 3);
        page.family("ended_total", Kind::Counter, "Ended.").sample(&[("reason", &"busy"), ("worker", &1)], 7);
        page.family("late_seconds", Kind::Histogram, "Late.").histogram(
            &[("worker", &0)],
            &[0.001, 0.01],
            &[5, 2, 1],
            0.25,
        );
        let expected = "\
# HELP calls Live calls.
# TYPE calls gauge
calls 3
# HELP ended_total Ended.
# TYPE ended_total counter
ended_total{reason=\"busy\",worker=\"1\"} 7
# HELP late_seconds Late.
# TYPE late_seconds histogram
late_seconds_bucket{worker=\"0\",le=\"0.001\"} 5
late_seconds_bucket{worker=\"0\",le=\"0.01\"} 7
late_seconds_bucket{worker=\"0\",le=\"+Inf\"} 8
late_seconds_sum{worker=\"0\"} 0.25
late_seconds_count{worker=\"0\"} 8
";
        assert_eq!(page.into_text(), expected);
    }
}
