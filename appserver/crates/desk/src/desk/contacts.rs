//! The company's address book, and the user's own photo: what is beside colleagues and their presence.

use ringdown_control::LegInfo;
use ringdown_protocol::{Contact, ContactSearchParams, ContactSearchResult, ErrorInfo, PhotoParams};
use ringdown_types::{FileId, Pii, SessionId};
use serde_json::{Value, json};

use super::{ConnId, Desk, Output, requests::bad_request};

/// The longest search, in characters.
const MAX_QUERY: usize = 64;
/// Contacts one search finds.
const MAX_FOUND: usize = 50;

impl Desk {
    /// Takes the whole address book, in place of the one before.
    pub fn handle_contacts(&mut self, contacts: Vec<Contact>) {
        self.contacts.replace(contacts);
    }

    /// Somebody was taken into the address book or changed.
    pub fn handle_contact(&mut self, contact: Contact) {
        self.contacts.put(contact);
    }

    /// Somebody was taken out of the address book.
    pub fn handle_contact_gone(&mut self, id: &str) {
        self.contacts.remove(id);
    }

    pub(super) fn search_contacts(&self, params: &ContactSearchParams) -> Result<Value, ErrorInfo> {
        if params.query.chars().count() > MAX_QUERY {
            return Err(bad_request("a query is at most 64 characters"));
        }
        Ok(json!(ContactSearchResult { contacts: self.contacts.search(&params.query, MAX_FOUND) }))
    }

    /// Gives the other side of a leg its name of the address book, where it is no colleague and brings no name.
    pub(super) fn name_peer(&self, info: &mut LegInfo) {
        let peer = &mut info.peer;
        if peer.user.is_none() && (peer.name.is_empty() || peer.name == peer.number) {
            self.name_party(&peer.number, &mut peer.name);
        }
    }

    pub(super) fn name_party(&self, number: &Pii<String>, name: &mut Pii<String>) {
        if let Some(known) = self.contacts.name_of(number) {
            name.clone_from(known);
        }
    }

    /// The shell takes the file and answers.
    pub(super) fn set_photo(
        &mut self,
        (conn, session): (ConnId, SessionId),
        request: u32,
        params: &PhotoParams,
    ) -> Result<Option<Value>, ErrorInfo> {
        let file = params.file.as_deref().map(str::parse::<FileId>).transpose();
        let file = file.map_err(|_| bad_request("the file's id is not one of the server's"))?;
        let Some(user) = self.sessions.get(&session).map(|session| session.record.user) else {
            return Ok(None);
        };
        self.outputs.push_back(Output::Photo { conn, request, user, file });
        Ok(None)
    }
}
