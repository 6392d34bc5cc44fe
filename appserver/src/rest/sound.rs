//! Sounds and files as answers: whole, or one range of them (RFC 9110 §14), read part by part.

use std::ops::RangeInclusive;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse as _, Response},
};
use futures_util::stream;
use ringdown_types::SoundFormat;

use crate::problem::Refusal;

/// What a browser is told of a sound or file.
pub(super) struct Named {
    pub(super) media_type: &'static str,
    /// `Content-Disposition`.
    pub(super) disposition: String,
    /// `Cache-Control`.
    pub(super) cache: &'static str,
}

impl Named {
    /// A sound of a softswitch: to be saved, under a name without its ending.
    pub(super) fn sound(format: SoundFormat, name: &str) -> Self {
        Self {
            media_type: format.media_type(),
            disposition: format!("attachment; filename=\"{name}.{}\"", format.extension()),
            cache: "private, no-store",
        }
    }
}

/// Answers with `total` bytes. `part` gives some of what is there from a byte on.
pub(super) fn answer<F, G>(headers: &HeaderMap, named: Named, total: u64, part: F) -> Response
where
    F: Fn(u64) -> G + Send + 'static,
    G: Future<Output = Result<Vec<u8>, Refusal>> + Send + 'static,
{
    let asked = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let Some(wanted) = asked.map_or(Some(None), |range| read_range(range, total)) else {
        let all = [(header::CONTENT_RANGE, format!("bytes */{total}"))];
        return (StatusCode::RANGE_NOT_SATISFIABLE, all).into_response();
    };
    let (first, end) =
        wanted.as_ref().map_or((0, total), |range| (*range.start(), range.end().saturating_add(1)));
    let mut answer = vec![
        (header::CONTENT_TYPE, named.media_type.to_owned()),
        (header::CONTENT_DISPOSITION, named.disposition),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CACHE_CONTROL, named.cache.to_owned()),
        (header::CONTENT_LENGTH, (end - first).to_string()),
    ];
    let status = if wanted.is_some() {
        answer.push((header::CONTENT_RANGE, format!("bytes {first}-{}/{total}", end - 1)));
        StatusCode::PARTIAL_CONTENT
    } else {
        StatusCode::OK
    };
    let parts = stream::try_unfold(first, move |at| {
        let next = (at < end).then(|| part(at));
        async move {
            let Some(next) = next else { return Ok(None) };
            let mut bytes = next.await.map_err(|refusal| std::io::Error::other(refusal.to_string()))?;
            if bytes.is_empty() {
                // It was deleted meanwhile: the connection closes before the length that was promised.
                return Err(std::io::Error::other("it is gone"));
            }
            bytes.truncate(usize::try_from(end - at).unwrap_or(usize::MAX));
            let at = at + bytes.len() as u64;
            Ok(Some((Bytes::from(bytes), at)))
        }
    });
    (status, AppendHeaders(answer), Body::from_stream(parts)).into_response()
}

/// The range of a sound that is asked for (RFC 9110 §14.1.2): `Some(None)` for a header that is passed over, being of
/// another unit or of several ranges; `None` where there is nothing in it.
fn read_range(range: &str, total: u64) -> Option<Option<RangeInclusive<u64>>> {
    let Some(range) = range.strip_prefix("bytes=").filter(|range| !range.contains(',')) else {
        return Some(None);
    };
    let Some((first, last)) = range.split_once('-') else { return Some(None) };
    let end = total.checked_sub(1)?;
    let (first, last) = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.min(end)),
        (Ok(first), Err(_)) if last.is_empty() => (first, end),
        (Err(_), Ok(suffix)) if first.is_empty() && suffix > 0 => (total.saturating_sub(suffix), end),
        (Err(_), Ok(0)) if first.is_empty() => return None,
        _ => return Some(None),
    };
    (first <= end).then_some(Some(first..=last))
}

#[cfg(test)]
mod tests {
    use super::read_range;

    #[test]
    fn ranges_are_read_as_rfc_9110_says() {
        for (range, expected) in [
            ("bytes=0-9", Some(Some(0..=9))),
            ("bytes=90-", Some(Some(90..=99))),
            ("bytes=-10", Some(Some(90..=99))),
            ("bytes=90-500", Some(Some(90..=99))),
            ("bytes=-500", Some(Some(0..=99))),
            ("bytes=100-", None),
            ("bytes=-0", None),
            ("bytes=9-0", Some(None)),
            ("bytes=0-1,5-6", Some(None)),
            ("items=0-1", Some(None)),
            ("bytes=x", Some(None)),
        ] {
            assert_eq!(read_range(range, 100), expected, "{range}");
        }
        assert_eq!(read_range("bytes=0-", 0), None);
    }
}
