//! People's pictures. Whoever is shown a directory has their addresses, which cannot be guessed and change with the
//! picture: an `<img>` shows them without a token.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use ringdown_protocol::{Problem, Role};
use ringdown_types::{FileId, UserId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    Body, no_content, read_id,
    sound::{self, Named},
};
use crate::{problem::Refusal, server::App, sign_in::Caller};

/// Body of `PUT /api/v1/users/{id}/photo`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPhoto {
    /// An own file of `POST /api/v1/files?kind=picture` that was not used yet, at most 512 KiB.
    file: String,
}

/// Gives somebody a picture: one's own, or as an admin anybody's.
#[utoipa::path(
    put, path = "/api/v1/users/{id}/photo", tag = "users", security(("bearer" = [])), params(("id" = String, Path)),
    request_body = NewPhoto,
    responses(
        (status = 204), (status = 400, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)
    )
)]
pub(crate) async fn set(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(new): Body<NewPhoto>,
) -> Result<Response, Refusal> {
    let user = of_whom(&caller, &id)?;
    app.photos.set(user, (caller.account.id, read_id(&new.file, "file")?)).await?;
    Ok(no_content())
}

/// Takes somebody's picture away: one's own, or as an admin anybody's.
#[utoipa::path(
    delete, path = "/api/v1/users/{id}/photo", tag = "users", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub(crate) async fn clear(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    app.photos.clear(of_whom(&caller, &id)?).await?;
    Ok(no_content())
}

/// Somebody's picture, for an `<img>`: its address is the permission.
#[utoipa::path(
    get, path = "/api/v1/photos/{link}", tag = "users", params(("link" = String, Path)),
    responses((status = 200, body = Vec<u8>), (status = 404, body = Problem))
)]
pub(crate) async fn fetch(
    State(app): State<Arc<App>>,
    Path(link): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let id: FileId = read_id(&link, "photo")?;
    if !app.store.is_photo(&id.to_string()).await? {
        return Err(Refusal::NotFound("photo"));
    }
    let file = app.store.file(id).await?.ok_or(Refusal::NotFound("photo"))?;
    let media_type = ["image/jpeg", "image/png", "image/gif", "image/webp"];
    let media_type = media_type.into_iter().find(|known| *known == file.media_type);
    let named = Named {
        media_type: media_type.ok_or(Refusal::NotFound("photo"))?,
        disposition: "inline".to_owned(),
        // Another picture has another address.
        cache: "private, max-age=86400, immutable",
    };
    let files = app.files.clone();
    let mut response = sound::answer(&headers, named, file.size, move |offset| {
        let files = files.clone();
        async move { files.part(id, offset).await.map_err(|_| Refusal::NotFound("photo")) }
    });
    let strict = HeaderValue::from_static("default-src 'none'; sandbox");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, strict);
    Ok(response)
}

fn of_whom(caller: &Caller, id: &str) -> Result<UserId, Refusal> {
    let user = read_id(id, "account")?;
    if user == caller.account.id || caller.account.role == Role::Admin {
        Ok(user)
    } else {
        Err(Refusal::Forbidden)
    }
}
