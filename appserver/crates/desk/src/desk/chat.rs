//! What pages ask of the chat. What is asked is checked here; the keeper of conversations ([`crate::ChatJob`]) judges who
//! is in which.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Instant,
};

use ringdown_control::{self as control, MAX_MESSAGE_BYTES};
use ringdown_protocol::{ErrorCode, ErrorInfo, Method, Role};
use ringdown_types::{ConversationId, FileId, LegId, MessageId, Pii, RoomId, SessionId, UserId};
use serde_json::{Value, json};

use super::{ConnId, Desk, Output, requests::bad_request};
use crate::{
    ChatAsker, ChatJob, ChatTarget, ChatWork, Person,
    chat::{Cursor, MAX_MEMBERS},
    folding::folded,
};

/// The longest title of a group, in characters.
const MAX_TITLE: usize = 100;
/// The longest search, in characters, and its words.
const MAX_QUERY: (usize, usize) = (100, 8);
/// The longest emoji: a family of four with skin tones has more than most.
const MAX_EMOJI_BYTES: usize = 32;
/// Conversations whose members are remembered. Once there are more all are forgotten: each costs one look-up then.
const MAX_REMEMBERED: usize = 20_000;

/// What the desk remembers of conversations.
#[derive(Debug, Default)]
pub(super) struct Chat {
    /// Who is in them, of those lately used.
    members: HashMap<ConversationId, Arc<[UserId]>>,
    /// Rooms whose conversation somebody opened: whoever enters comes into it.
    rooms: HashSet<RoomId>,
}

impl Chat {
    pub(super) fn remember(&mut self, conversation: ConversationId, members: &Arc<[UserId]>) {
        if self.members.len() >= MAX_REMEMBERED {
            self.members.clear();
        }
        self.members.insert(conversation, Arc::clone(members));
    }

    /// The same for what was merely read: it may be older than a change that was told meanwhile.
    pub(super) fn remember_read(
        &mut self,
        conversation: ConversationId,
        members: &Arc<[UserId]>,
        is_changed: bool,
    ) {
        if is_changed || !self.members.contains_key(&conversation) {
            self.remember(conversation, members);
        }
    }
}

impl Desk {
    /// The requests of this file.
    pub(super) fn dispatch_chat(
        &mut self,
        now: Instant,
        (conn, session): (ConnId, SessionId),
        request: u32,
        method: Method,
    ) -> Result<Option<Value>, ErrorInfo> {
        let Some(user) = self.user_of(session) else { return Ok(None) };
        let work = match method {
            Method::ChatList(params) => {
                ChatWork::List { cursor: cursor(params.cursor)?, limit: limit(params.limit)? }
            }
            Method::ChatOpen(params) => {
                let target = match (params.to, params.call, params.conversation) {
                    (Some(to), None, None) => ChatTarget::Person(self.other_person(user, &to)?),
                    (None, Some(call), None) => self.chat_of_call(user, &call)?,
                    (None, None, Some(id)) => ChatTarget::Conversation(conversation(&id)?),
                    _ => return Err(bad_request("exactly one of to, call and conversation")),
                };
                ChatWork::Open(target)
            }
            Method::ChatCreate(params) => {
                let members = self.people(&params.members)?;
                let others: Vec<UserId> = members.into_iter().filter(|member| *member != user).collect();
                if others.is_empty() {
                    return Err(bad_request("a group has somebody else in it"));
                }
                ChatWork::Create { title: title(params.title)?, members: others }
            }
            Method::ChatChange(params) => {
                let remove = params.remove.iter().map(|id| id.parse());
                let remove =
                    remove.collect::<Result<_, _>>().map_err(|_| bad_request("remove names accounts"))?;
                ChatWork::Change {
                    conversation: conversation(&params.conversation)?,
                    title: params.title.map(title).transpose()?,
                    add: self.people(&params.add)?,
                    remove,
                }
            }
            Method::ChatLeave(params) => ChatWork::Leave(conversation(&params.conversation)?),
            Method::ChatHistory(params) => {
                if [params.before, params.after, params.since].iter().flatten().count() > 1 {
                    return Err(bad_request("at most one of before, after and since"));
                }
                ChatWork::History {
                    conversation: conversation(&params.conversation)?,
                    before: params.before,
                    after: params.after,
                    since: params.since,
                    limit: limit(params.limit)?,
                }
            }
            Method::ChatSend(params) => {
                let target = match (params.conversation, params.to) {
                    (Some(id), None) => ChatTarget::Conversation(conversation(&id)?),
                    (None, Some(to)) => ChatTarget::Person(self.other_person(user, &to)?),
                    _ => return Err(bad_request("exactly one of conversation and to")),
                };
                let file = params.file.map(|id| file(&id)).transpose()?;
                let text = match file {
                    Some(_) if params.text.is_empty() => params.text,
                    _ => text(params.text)?,
                };
                let message = match params.id {
                    Some(id) => id.parse().map_err(|_| bad_request("an id is 32 hexadecimal digits"))?,
                    None => MessageId::random(self.random.as_mut()),
                };
                ChatWork::Send { target, message, text, file }
            }
            Method::ChatTyping(params) => {
                let conversation = conversation(&params.conversation)?;
                if let Some(members) = self.chat.members.get(&conversation).cloned() {
                    self.tell_typing(user, conversation, &members);
                    return Ok(Some(json!({})));
                }
                ChatWork::Members(conversation)
            }
            Method::ChatSearch(params) => ChatWork::Search {
                words: words(&params.query)?,
                conversation: params.conversation.map(|id| conversation(&id)).transpose()?,
                cursor: cursor(params.cursor)?,
            },
            Method::FileLink(params) => ChatWork::Link(file(&params.file)?),
            Method::FilePlace(_) => ChatWork::Place,
            method => self.work_on_one(user, method)?,
        };
        self.ask_keeper(now, user, ChatAsker::Page { conn, session, request }, work);
        Ok(None)
    }

    /// What is done to one message, and whose messages are wanted.
    fn work_on_one(&self, user: UserId, method: Method) -> Result<ChatWork, ErrorInfo> {
        Ok(match method {
            Method::ChatEdit(params) => ChatWork::Edit {
                conversation: conversation(&params.conversation)?,
                seq: params.seq,
                text: text(params.text)?,
            },
            Method::ChatDelete(params) => ChatWork::Delete {
                conversation: conversation(&params.conversation)?,
                seq: params.seq,
                is_admin: self.roster.person(user).is_some_and(|person| person.role == Role::Admin),
            },
            Method::ChatReact(params) => ChatWork::React {
                conversation: conversation(&params.conversation)?,
                seq: params.seq,
                emoji: params.emoji.map(emoji).transpose()?,
            },
            Method::ChatBlock(params) => {
                let other = params.user.parse().map_err(|_| bad_request("user names an account"))?;
                // Whoever is gone can still be taken off the list.
                if other == user || (params.is_blocked && self.roster.person(other).is_none()) {
                    return Err(bad_request("nobody else has this account"));
                }
                ChatWork::Block { other, is_blocked: params.is_blocked }
            }
            Method::ChatMark(params) => ChatWork::Mark {
                conversation: conversation(&params.conversation)?,
                // What was read was delivered.
                delivered: params.delivered.max(params.read).unwrap_or_default(),
                read: params.read.unwrap_or_default(),
            },
            _ => return Err(ErrorInfo::new(ErrorCode::UnknownMethod, "no such method")),
        })
    }

    pub(super) fn ask_keeper(&mut self, now: Instant, user: UserId, asker: ChatAsker, work: ChatWork) {
        let at = self.unix_ms(now);
        self.outputs.push_back(Output::Chat(Box::new(ChatJob { user, asker, at, work })));
    }

    /// Whom a number or an account id names, if they are in the directory.
    fn addressee(&self, text: &str) -> Option<UserId> {
        let text = text.trim();
        let by_account = text.parse().ok().and_then(|user| self.roster.person(user));
        let person = by_account.or_else(|| self.roster.by_number(text))?;
        let is_listed = |person: &&Person| person.enabled && person.extension.is_some();
        Some(person).filter(is_listed).map(|person| person.id)
    }

    fn other_person(&self, user: UserId, to: &str) -> Result<UserId, ErrorInfo> {
        match self.addressee(to) {
            Some(other) if other == user => Err(bad_request("that is you")),
            Some(other) => Ok(other),
            None => Err(bad_request("nobody in the directory has this number or account")),
        }
    }

    fn people(&self, texts: &[Pii<String>]) -> Result<Vec<UserId>, ErrorInfo> {
        if texts.len() >= MAX_MEMBERS {
            return Err(bad_request("a group has at most 500 members"));
        }
        let found: Option<Vec<_>> = texts.iter().map(|text| self.addressee(text)).collect();
        let mut found = found
            .ok_or_else(|| bad_request("nobody in the directory has one of these numbers or accounts"))?;
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// The room's conversation for a call in a room, else the one with the other side.
    fn chat_of_call(&mut self, user: UserId, call: &str) -> Result<ChatTarget, ErrorInfo> {
        let leg: LegId = call.parse().map_err(|_| bad_request("a call id is 32 hexadecimal digits"))?;
        let known = self.mirror.leg(leg).filter(|known| known.info.user == Some(user));
        let peer = known.ok_or_else(|| self.no_such_call())?.info.peer.user;
        let is_here = |info: &&control::RoomInfo| info.members.iter().any(|member| member.leg == leg);
        if let Some(info) = self.rooms.values().map(|(_, info)| info).find(is_here) {
            let target = room_target(info, user);
            self.chat.rooms.insert(info.room);
            return Ok(target);
        }
        let other = peer.filter(|peer| *peer != user && self.roster.person(*peer).is_some());
        other
            .map(ChatTarget::Person)
            .ok_or_else(|| bad_request("the other side of this call has no account here"))
    }

    /// Somebody entered or left a room: newcomers come into its conversation, if there is one.
    pub(super) fn follow_room(&mut self, now: Instant, before: &[UserId], info: &control::RoomInfo) {
        if info.members.is_empty() {
            self.chat.rooms.remove(&info.room);
        } else if self.chat.rooms.contains(&info.room) {
            let users = info.members.iter().filter_map(|member| member.party.user);
            let new: Vec<UserId> = users.filter(|user| !before.contains(user)).collect();
            for user in new {
                let work = ChatWork::Open(room_target(info, user));
                self.ask_keeper(now, user, ChatAsker::Nobody, work);
            }
        }
    }
}

fn room_target(info: &control::RoomInfo, user: UserId) -> ChatTarget {
    let users = info.members.iter().filter_map(|member| member.party.user);
    let members = users.filter(|member| *member != user).take(MAX_MEMBERS - 1).collect();
    ChatTarget::Room { room: info.room, title: Pii(info.number.0.clone()), members }
}

fn conversation(text: &str) -> Result<ConversationId, ErrorInfo> {
    text.parse().map_err(|_| bad_request("a conversation is 32 hexadecimal digits"))
}

fn file(text: &str) -> Result<FileId, ErrorInfo> {
    text.parse().map_err(|_| bad_request("a file is 32 hexadecimal digits"))
}

fn cursor(cursor: Option<Cursor>) -> Result<Option<Cursor>, ErrorInfo> {
    let is_ours =
        |text: &Cursor| text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if cursor.as_ref().is_none_or(is_ours) {
        Ok(cursor)
    } else {
        Err(bad_request("the cursor is not one of the server's"))
    }
}

fn limit(limit: Option<u32>) -> Result<u32, ErrorInfo> {
    let limit = limit.unwrap_or(50);
    if (1..=100).contains(&limit) { Ok(limit) } else { Err(bad_request("limit is 1 to 100")) }
}

fn text(text: Pii<String>) -> Result<Pii<String>, ErrorInfo> {
    if text.trim().is_empty() || text.len() > MAX_MESSAGE_BYTES || text.contains('\0') {
        return Err(bad_request("a message is 1 to 4,096 bytes of text"));
    }
    Ok(text)
}

/// No text, but something that is one character to the eye: it may be of several (a flag, a family).
fn emoji(emoji: String) -> Result<String, ErrorInfo> {
    let is_sign = |char: char| !char.is_alphanumeric() && !char.is_whitespace() && !char.is_control();
    // Keycaps begin with a digit.
    let is_keycap = emoji.ends_with('\u{20e3}');
    let is_emoji =
        emoji.chars().any(|char| u32::from(char) > 0xa8) && (is_keycap || emoji.chars().all(is_sign));
    if emoji.len() <= MAX_EMOJI_BYTES && is_emoji {
        Ok(emoji)
    } else {
        Err(bad_request("a reaction is one emoji of at most 32 bytes"))
    }
}

fn title(title: Pii<String>) -> Result<Pii<String>, ErrorInfo> {
    let trimmed = title.trim();
    if trimmed.is_empty() || trimmed.chars().count() > MAX_TITLE || trimmed.chars().any(char::is_control) {
        return Err(bad_request("a title is 1 to 100 printable characters"));
    }
    Ok(Pii(trimmed.to_owned()))
}

fn words(query: &str) -> Result<Vec<String>, ErrorInfo> {
    let words: Vec<String> = folded(query).split_whitespace().map(str::to_owned).collect();
    if words.is_empty() || words.len() > MAX_QUERY.1 || query.chars().count() > MAX_QUERY.0 {
        return Err(bad_request("a search is 1 to 8 words of at most 100 characters"));
    }
    Ok(words)
}
