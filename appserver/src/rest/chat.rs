//! The chat's moderation: what users have of it goes over the client protocol.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::Response,
};
use ringdown_desk::{ChatAsker, ChatDone};
use ringdown_protocol::Problem;
use ringdown_types::MessageId;

use super::{Admin, no_content, read_id};
use crate::{
    clock::unix_ms, desk_task::DeskMessage, problem::Refusal, server::App, sign_in::Caller, store::ChatError,
};

/// Deletes a message and its file, whoever wrote it. Its readers see that there was one.
#[utoipa::path(
    delete, path = "/api/v1/chat/messages/{id}", tag = "chat", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    _: Admin,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let id: MessageId = read_id(&id, "message")?;
    let news = match app.store.chat_remove(id, unix_ms()).await {
        Ok(news) => news,
        Err(ChatError::Store(error)) => return Err(error.into()),
        Err(_) => return Err(Refusal::NotFound("message")),
    };
    let done = ChatDone { user: caller.account.id, asker: ChatAsker::Nobody, outcome: Ok(news) };
    app.desk.send(DeskMessage::Chat(Box::new(done))).await;
    Ok(no_content())
}
