//! RTCP feedback of video (RFC 4585 §4.2, RFC 5104 §7.1).

use ringdown_types::VideoFeedback;

use super::formats::{LocalVideoFormat, VideoFormats};
use crate::description::{Attribute, MediaSection};

/// All we speak to browsers.
pub(super) const TO_BROWSERS: VideoFeedback =
    VideoFeedback { nack: true, pli: true, fir: true, remb: true, transport_cc: true };

/// All we offer telephones: asking for a whole picture, and for a packet again.
pub(super) const TO_TELEPHONES: VideoFeedback =
    VideoFeedback { nack: true, pli: true, fir: true, remb: false, transport_cc: false };

/// What a section lists for the first format we know, or for all of them.
pub(super) fn read_feedback(section: &MediaSection, formats: &VideoFormats) -> VideoFeedback {
    let first = formats.codecs.first().map(|codec| codec.payload_type.to_string());
    let mut feedback = VideoFeedback::default();
    for line in section.attributes_named("rtcp-fb") {
        let mut words = line.split_ascii_whitespace();
        if !words.next().is_some_and(|format| format == "*" || Some(format) == first.as_deref()) {
            continue;
        }
        match (words.next(), words.next()) {
            (Some("nack"), None) => feedback.nack = true,
            (Some("nack"), Some("pli")) => feedback.pli = true,
            (Some("ccm"), Some("fir")) => feedback.fir = true,
            (Some("goog-remb"), _) => feedback.remb = true,
            (Some("transport-cc"), _) => feedback.transport_cc = true,
            _ => {}
        }
    }
    feedback
}

/// What both lists hold.
pub(super) const fn shared_feedback(a: VideoFeedback, b: VideoFeedback) -> VideoFeedback {
    VideoFeedback {
        nack: a.nack && b.nack,
        pli: a.pli && b.pli,
        fir: a.fir && b.fir,
        remb: a.remb && b.remb,
        transport_cc: a.transport_cc && b.transport_cc,
    }
}

/// `a=rtcp-fb` for each of the formats.
pub(super) fn feedback_lines(
    feedback: VideoFeedback,
    formats: &[LocalVideoFormat],
    into: &mut Vec<Attribute>,
) {
    let said = [
        (feedback.remb, "goog-remb"),
        (feedback.transport_cc, "transport-cc"),
        (feedback.fir, "ccm fir"),
        (feedback.nack, "nack"),
        (feedback.pli, "nack pli"),
    ];
    for format in formats {
        for (_, kind) in said.iter().filter(|(is_said, _)| *is_said) {
            into.push(Attribute::new("rtcp-fb", format!("{} {kind}", format.payload_type)));
        }
    }
}
