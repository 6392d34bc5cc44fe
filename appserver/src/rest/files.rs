//! Files: taken in as they are, given out to whoever may have them.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use ringdown_protocol::{FileInfo, Problem};
use ringdown_types::{FileId, Pii};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    no_content, read_id,
    sound::{self, Named},
};
use crate::{
    files::{Upload, is_picture},
    problem::Refusal,
    server::App,
    sign_in::Caller,
    store::{FileRow, Readers},
};

/// What is sent.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wish {
    /// What it is called: at most 1,024 bytes.
    name: String,
    /// A place of the client protocol's `file.place`, instead of a token.
    place: Option<String>,
    /// `picture`: anything but a JPEG, PNG, GIF or WebP file is refused.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    kind: Option<Kind>,
}

/// What opens a file instead of a token.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Opened {
    /// A link of the client protocol's `file.link`.
    link: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Picture,
}

impl From<&FileRow> for FileInfo {
    fn from(row: &FileRow) -> Self {
        Self {
            id: row.id.to_string(),
            name: row.name.clone(),
            media_type: row.media_type.clone(),
            size: row.size,
        }
    }
}

/// Takes a file in: the body is the file. Its owner alone has it until it is sent to somebody; unused it is deleted
/// after a day.
#[utoipa::path(
    post, path = "/api/v1/files", tag = "files", security(("bearer" = [])), params(Wish),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 201, body = FileInfo), (status = 400, body = Problem), (status = 413, body = Problem),
        (status = 429, body = Problem), (status = 507, body = Problem)
    )
)]
pub(crate) async fn upload(
    State(app): State<Arc<App>>,
    caller: Result<Caller, Refusal>,
    wish: Result<Query<Wish>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<FileInfo>), Refusal> {
    let place = wish.as_ref().ok().and_then(|wish| wish.place.as_deref());
    let owner = match place.and_then(|place| app.files.owner_of_place(place)) {
        // A place outlives no account.
        Some(owner) => {
            app.store.account(owner).await?.filter(|account| account.enabled).map(|account| account.id)
        }
        None => None,
    };
    let owner = match owner {
        Some(owner) => owner,
        None => caller?.account.id,
    };
    let Query(wish) = wish.map_err(|error| Refusal::bad_request(error.body_text()))?;
    if wish.name.len() > 1_024 {
        return Err(Refusal::bad_request("a name is at most 1,024 bytes"));
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let upload = Upload {
        owner,
        name: Pii(wish.name),
        only_pictures: wish.kind.is_some(),
        promised: length.and_then(|length| length.parse().ok()),
    };
    let row = app.files.keep(upload, body).await?;
    Ok((StatusCode::CREATED, Json(FileInfo::from(&row))))
}

/// A file, whole or one range of it. Pictures are shown, anything else is saved.
#[utoipa::path(
    get, path = "/api/v1/files/{id}", tag = "files", security(("bearer" = [])), params(Opened),
    responses((status = 200, body = Vec<u8>), (status = 206, body = Vec<u8>), (status = 404, body = Problem), (status = 416))
)]
pub(crate) async fn fetch(
    State(app): State<Arc<App>>,
    caller: Result<Caller, Refusal>,
    Path(id): Path<String>,
    opened: Result<Query<Opened>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let id: FileId = read_id(&id, "file")?;
    let Query(opened) = opened.map_err(|error| Refusal::bad_request(error.body_text()))?;
    if opened.link.is_none()
        && let Err(refusal) = caller
    {
        return Err(refusal);
    }
    let file = app.store.file(id).await?.ok_or(Refusal::NotFound("file"))?;
    let may_read = match (&opened.link, caller) {
        (Some(link), _) => app.files.opens(id, link),
        (None, caller) => app.files.may_read(caller?.account.id, &file).await?,
    };
    if !may_read {
        return Err(Refusal::NotFound("file"));
    }
    let picture = is_picture(&file.media_type);
    let named = Named {
        media_type: known_type(&file.media_type),
        disposition: disposition(picture, &file.name.0),
        // Bytes never change under an id; another account of the same browser asks anew.
        cache: "private, max-age=86400, immutable",
    };
    let files = app.files.clone();
    let mut response = sound::answer(&headers, named, file.size, move |offset| {
        let files = files.clone();
        async move { files.part(id, offset).await.map_err(|_| Refusal::NotFound("file")) }
    });
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Authorization"));
    // Should a browser show it after all: it runs nothing and reaches nothing.
    let strict = HeaderValue::from_static("default-src 'none'; sandbox");
    headers.insert(header::CONTENT_SECURITY_POLICY, strict);
    Ok(response)
}

/// Deletes an own file that was not sent to anybody.
#[utoipa::path(
    delete, path = "/api/v1/files/{id}", tag = "files", security(("bearer" = [])),
    responses((status = 204), (status = 404, body = Problem))
)]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let file = app.store.file(read_id(&id, "file")?).await?;
    let is_own = |file: &FileRow| file.owner == caller.account.id && file.readers == Readers::Nobody;
    let file = file.filter(is_own).ok_or(Refusal::NotFound("file"))?;
    app.files.delete(&file).await?;
    Ok(no_content())
}

/// What a store says, as one of the types [`crate::files`] knows: no other ever reaches a browser.
fn known_type(media_type: &str) -> &'static str {
    const KNOWN: [&str; 12] = [
        "image/jpeg",
        "image/png",
        "image/gif",
        "image/webp",
        "audio/wav",
        "audio/ogg",
        "audio/mpeg",
        "video/webm",
        "video/mp4",
        "application/pdf",
        "application/zip",
        "text/plain",
    ];
    match KNOWN.into_iter().find(|known| *known == media_type) {
        Some("text/plain") => "text/plain; charset=utf-8",
        Some(known) => known,
        None => "application/octet-stream",
    }
}

/// `Content-Disposition` with any name (RFC 6266, RFC 8187).
fn disposition(is_shown: bool, name: &str) -> String {
    let kind = if is_shown { "inline" } else { "attachment" };
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => encoded.push(char::from(byte)),
            other => encoded += &format!("%{other:02X}"),
        }
    }
    format!("{kind}; filename*=UTF-8''{encoded}")
}
