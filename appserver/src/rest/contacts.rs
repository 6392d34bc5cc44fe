//! The company's address book: everybody reads it, admins write it.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use ringdown_desk::as_dialled;
use ringdown_protocol::{Contact, ContactNumber, Problem};
use ringdown_types::{Pii, Random as _};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Admin, Body, no_content, read_name};
use crate::{
    desk_task::{ContactsChange, DeskMessage},
    problem::Refusal,
    random::OsRandom,
    server::App,
    sign_in::Caller,
};

/// Contacts of a company. All are in memory, about 500 bytes each.
const MAX_CONTACTS: usize = 20_000;
/// Numbers of one contact.
const MAX_NUMBERS: usize = 10;
/// The longest number and the longest label, in characters.
const MAX_SHORT: usize = 32;

/// A contact without its id.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactBody {
    /// 1 to 100 characters.
    name: String,
    /// Whom they work for, at most 100 characters.
    #[serde(default)]
    organisation: String,
    /// 1 to 10, the first the one to call.
    numbers: Vec<ContactNumber>,
}

/// The whole address book, by name.
#[utoipa::path(
    get, path = "/api/v1/contacts", tag = "contacts", security(("bearer" = [])),
    responses((status = 200, body = Vec<Contact>))
)]
pub(crate) async fn list(State(app): State<Arc<App>>, _: Caller) -> Result<Json<Vec<Contact>>, Refusal> {
    let mut contacts = app.store.contacts().await?;
    contacts.sort_by_cached_key(|contact| (contact.name.to_lowercase(), contact.id.clone()));
    Ok(Json(contacts))
}

/// Takes somebody into the address book.
#[utoipa::path(
    post, path = "/api/v1/contacts", tag = "contacts", security(("bearer" = [])), request_body = ContactBody,
    responses(
        (status = 201, body = Contact), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 507, body = Problem)
    )
)]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    _: Admin,
    Body(body): Body<ContactBody>,
) -> Result<(StatusCode, Json<Contact>), Refusal> {
    let id = format!("{:016x}{:016x}", OsRandom.u64(), OsRandom.u64());
    let contact = read(id, body)?;
    let _one_at_a_time = app.contact_changes.lock().await;
    if app.store.count_contacts().await? >= MAX_CONTACTS {
        return Err(Refusal::Full("the address book holds 20,000 contacts: delete some first"));
    }
    keep(&app, &contact).await?;
    Ok((StatusCode::CREATED, Json(contact)))
}

/// Replaces somebody in the address book, or takes them in under an id of the caller's own: a CRM keeps the book current
/// by its own ids.
#[utoipa::path(
    put, path = "/api/v1/contacts/{id}", tag = "contacts", security(("bearer" = [])), params(("id" = String, Path)),
    request_body = ContactBody,
    responses(
        (status = 200, body = Contact), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 507, body = Problem)
    )
)]
pub(crate) async fn replace(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(id): Path<String>,
    Body(body): Body<ContactBody>,
) -> Result<Json<Contact>, Refusal> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._@:-".contains(&byte);
    if !(1..=64).contains(&id.len()) || !id.bytes().all(is_plain) {
        return Err(Refusal::bad_request("an id is 1 to 64 of A-Z a-z 0-9 . _ @ : -"));
    }
    let contact = read(id, body)?;
    let _one_at_a_time = app.contact_changes.lock().await;
    if app.store.count_contacts().await? >= MAX_CONTACTS && !app.store.has_contact(&contact.id).await? {
        return Err(Refusal::Full("the address book holds 20,000 contacts: delete some first"));
    }
    keep(&app, &contact).await?;
    Ok(Json(contact))
}

/// Takes somebody out of the address book.
#[utoipa::path(
    delete, path = "/api/v1/contacts/{id}", tag = "contacts", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    _: Admin,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let _one_at_a_time = app.contact_changes.lock().await;
    if !app.store.delete_contact(&id).await? {
        return Err(Refusal::NotFound("contact"));
    }
    app.desk.send(DeskMessage::Contacts(ContactsChange::Gone(id))).await;
    Ok(no_content())
}

async fn keep(app: &App, contact: &Contact) -> Result<(), Refusal> {
    app.store.put_contact(contact).await?;
    app.desk.send(DeskMessage::Contacts(ContactsChange::Put(Box::new(contact.clone())))).await;
    Ok(())
}

fn read(id: String, body: ContactBody) -> Result<Contact, Refusal> {
    let organisation = body.organisation.trim().to_owned();
    if organisation.chars().count() > 100 || organisation.chars().any(char::is_control) {
        return Err(Refusal::bad_request("an organisation is at most 100 printable characters"));
    }
    if !(1..=MAX_NUMBERS).contains(&body.numbers.len()) {
        return Err(Refusal::bad_request("a contact has 1 to 10 numbers"));
    }
    let numbers = body.numbers.into_iter().map(read_number).collect::<Result<_, _>>()?;
    Ok(Contact { id, name: read_name(&body.name)?, organisation: Pii(organisation), numbers })
}

fn read_number(written: ContactNumber) -> Result<ContactNumber, Refusal> {
    let label = written.label.trim().to_owned();
    if label.chars().count() > MAX_SHORT || label.chars().any(char::is_control) {
        return Err(Refusal::bad_request("a label is at most 32 printable characters"));
    }
    let number = as_dialled(&written.number);
    let digits = number.strip_prefix('+').unwrap_or(&number);
    let is_dialled = |byte: u8| byte.is_ascii_digit() || b"*#".contains(&byte);
    if digits.is_empty() || number.len() > MAX_SHORT || !digits.bytes().all(is_dialled) {
        return Err(Refusal::bad_request("a number is 1 to 32 of 0-9 * #, with a + before it or none"));
    }
    Ok(ContactNumber { label, number: Pii(number) })
}
