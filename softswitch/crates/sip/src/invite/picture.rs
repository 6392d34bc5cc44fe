//! A whole picture asked for by INFO (RFC 5168): what telephones do that speak no RTCP feedback.

use bytes::Bytes;

use crate::message::{ContentType, Request};

/// The content type.
pub(super) const MEDIA_CONTROL: &str = "application/media_control+xml";

/// The body that asks for a whole picture.
pub(super) const BODY: Bytes = Bytes::from_static(
    b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<media_control><vc_primitive><to_encoder>\
      <picture_fast_update/></to_encoder></vc_primitive></media_control>\r\n",
);

/// Whether an INFO asks for a whole picture. The schema has one primitive and leaves where it stands to its few users, so
/// the element's name is looked for.
pub(super) fn asks_for_picture(request: &Request) -> bool {
    let kind: Option<ContentType> = request.headers.content_type().ok().flatten();
    kind.is_some_and(|kind| kind.essence == MEDIA_CONTROL)
        && request.body.windows(ELEMENT.len()).any(|text| text == ELEMENT)
}

const ELEMENT: &[u8] = b"picture_fast_update";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Method, Uri};

    #[test]
    fn only_media_control_asks() {
        let info = |kind: &str, body: Bytes| {
            Request::new(Method::Info, Uri::parse("sip:h").expect("well-formed")).with_body(kind, body)
        };
        assert!(asks_for_picture(&info(MEDIA_CONTROL, BODY)));
        assert!(!asks_for_picture(&info("text/plain", BODY)));
        assert!(!asks_for_picture(&info(MEDIA_CONTROL, Bytes::from_static(b"<media_control/>"))));
    }
}
