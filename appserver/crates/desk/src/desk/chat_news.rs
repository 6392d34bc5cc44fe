//! What came of the chat's jobs, as pages are told: answers to who asked, pushes to members alone.

use std::{sync::Arc, time::Instant};

use ringdown_control::Command;
use ringdown_protocol::{
    ChatConversation, ChatFound, ChatHistory, ChatKind, ChatList, ChatMember, ChatMessage, ChatOpened,
    ChatReaction, ChatSent, ErrorInfo, FileLink, PeerInfo, Push,
};
use ringdown_types::{ConversationId, Pii, SessionId, UserId};
use serde_json::json;

use super::Desk;
use crate::{
    ChatAsker, ChatDone, ChatNews,
    chat::{Opened, StoredConversation, StoredMember, StoredMessage},
    ring::{Kept, PushBody},
};

/// A push about a larger conversation says nothing of its members: each of them would be told of each.
const MAX_TOLD_MEMBERS: usize = 100;

impl Desk {
    /// A job of the chat is done.
    pub fn handle_chat(&mut self, now: Instant, done: ChatDone) {
        let ChatDone { user, asker, outcome } = done;
        let news = match outcome {
            Ok(news) => news,
            Err(error) => return self.chat_failed(now, user, asker, error),
        };
        let result = match news {
            ChatNews::Listed { conversations, cursor, unread, blocked } => {
                let conversations = conversations.iter().map(|one| self.conversation(one)).collect();
                json!(ChatList { conversations, cursor, unread, blocked: ids(&blocked) })
            }
            ChatNews::Opened { opened, is_changed, gone } => {
                let shown = self.opened(&opened, user);
                self.tell_opened(&opened, &gone, (is_changed, asker));
                json!(shown)
            }
            ChatNews::Left(rest) => {
                if let Some(opened) = rest {
                    self.tell_opened(&opened, &[user], (true, asker));
                }
                json!({})
            }
            ChatNews::History { messages, more } => {
                json!(ChatHistory { messages: self.messages(&messages), more })
            }
            ChatNews::Message { message, conversation, members, is_new } => {
                let shown = self.message(&message);
                self.chat.remember(message.conversation, &members);
                // A telephone sends again what it was not answered.
                if is_new || !matches!(asker, ChatAsker::Telephone { .. }) {
                    self.tell_members(
                        &members,
                        asker,
                        Push::ChatMessage { message: Box::new(shown.clone()) },
                    );
                }
                if is_new {
                    self.take_to_telephones(now, asker, (&message, conversation), &members);
                }
                json!(ChatSent { message: shown })
            }
            ChatNews::Marked { conversation, delivered, read, told, is_news } => {
                if is_news {
                    let conversation = conversation.to_string();
                    let push = Push::ChatMarks { conversation, user_id: user.to_string(), delivered, read };
                    self.tell_members(&told, asker, push);
                }
                json!({})
            }
            ChatNews::Members { conversation, members } => {
                self.chat.remember_read(conversation, &members, false);
                self.tell_typing(user, conversation, &members);
                json!({})
            }
            ChatNews::Found { messages, cursor } => {
                json!(ChatFound { messages: self.messages(&messages), cursor })
            }
            ChatNews::Blocked(users) => {
                self.tell_members(&[user], asker, Push::ChatBlocked { users: ids(&users) });
                json!({})
            }
            ChatNews::Linked { path, expires_in } => json!(FileLink { path, expires_in }),
            ChatNews::Undelivered(messages) => return self.take_undelivered(now, user, messages),
        };
        match asker {
            ChatAsker::Page { conn, request, .. } => self.respond_to_asker(conn, request, Ok(result)),
            ChatAsker::Telephone { .. } | ChatAsker::Nobody => {}
        }
    }

    fn chat_failed(&mut self, now: Instant, user: UserId, asker: ChatAsker, error: ErrorInfo) {
        match asker {
            ChatAsker::Page { conn, request, .. } => self.respond_to_asker(conn, request, Err(error)),
            ChatAsker::Telephone { link, message } => {
                self.telephones.forget(message);
                self.tell_node(link, Command::MessageTaken { message, taken: false });
            }
            ChatAsker::Nobody => self.undelivered_unknown(now, user),
        }
    }

    /// The members of a conversation are told what it is, and who is no longer in it that it is gone.
    fn tell_opened(&mut self, opened: &Opened, gone: &[UserId], (is_changed, asker): (bool, ChatAsker)) {
        let id = opened.conversation.id;
        let members: Arc<[UserId]> = opened.members.iter().map(|member| member.user).collect();
        self.chat.remember_read(id, &members, is_changed);
        if is_changed {
            for &member in &*members {
                let shown = if members.len() > MAX_TOLD_MEMBERS {
                    ChatOpened { conversation: self.seen_by(opened, member), members: Vec::new() }
                } else {
                    self.opened(opened, member)
                };
                self.tell_members(&[member], asker, Push::ChatConversation { opened: Box::new(shown) });
            }
        }
        self.tell_members(gone, asker, Push::ChatGone { conversation: id.to_string() });
    }

    /// Tells the members' sessions, except the one that asked.
    fn tell_members(&mut self, members: &[UserId], asker: ChatAsker, push: Push) {
        let except = asking_session(asker);
        let body = PushBody::new(&push);
        for session in members.iter().flat_map(|&member| self.sessions_of(member)).collect::<Vec<_>>() {
            if Some(session) != except {
                self.push_kept(session, body.clone(), Kept::Push(body.clone()));
            }
        }
    }

    pub(super) fn tell_typing(&mut self, user: UserId, conversation: ConversationId, members: &[UserId]) {
        if !members.contains(&user) {
            return;
        }
        let from = self.party(user);
        let others = members.iter().filter(|member| **member != user);
        for session in others.flat_map(|&member| self.sessions_of(member)).collect::<Vec<_>>() {
            let push = Push::ChatTyping { conversation: conversation.to_string(), from: from.clone() };
            self.push_uncounted(session, push);
        }
    }

    /// A person as the chat names them; who is gone has no name.
    fn party(&self, user: UserId) -> PeerInfo {
        let person = self.roster.person(user);
        let number = person.and_then(|person| person.extension.as_ref()).map(ToString::to_string);
        PeerInfo {
            user_id: Some(user.to_string()),
            number: Pii(number.unwrap_or_default()),
            name: person.map(|person| person.name.clone()).unwrap_or_default(),
        }
    }

    fn message(&self, stored: &StoredMessage) -> ChatMessage {
        ChatMessage {
            id: stored.id.to_string(),
            conversation: stored.conversation.to_string(),
            seq: stored.seq,
            revision: stored.revision,
            from: self.party(stored.author),
            text: stored.text.clone(),
            file: stored.file.clone(),
            at: stored.at,
            edited_at: stored.edited_at,
            is_deleted: stored.is_deleted,
            reactions: reactions(&stored.reactions),
        }
    }

    fn messages(&self, stored: &[StoredMessage]) -> Vec<ChatMessage> {
        stored.iter().map(|one| self.message(one)).collect()
    }

    fn conversation(&self, stored: &StoredConversation) -> ChatConversation {
        ChatConversation {
            id: stored.id.to_string(),
            kind: stored.kind,
            title: stored.title.clone(),
            peer: stored.peer.map(|peer| self.party(peer)),
            member_count: stored.member_count,
            last: stored.last.as_ref().map(|last| self.message(last)),
            last_seq: stored.last_seq,
            revision: stored.revision,
            read: stored.read,
            others_delivered: stored.others_delivered,
            others_read: stored.others_read,
            updated_at: stored.updated_at,
        }
    }

    /// A conversation with its members, as one of them sees it.
    fn opened(&self, opened: &Opened, user: UserId) -> ChatOpened {
        let member = |member: &StoredMember| ChatMember {
            party: self.party(member.user),
            is_owner: member.is_owner,
            delivered: member.delivered,
            read: member.read,
        };
        ChatOpened {
            conversation: self.seen_by(opened, user),
            members: opened.members.iter().map(member).collect(),
        }
    }

    /// The same without its members.
    fn seen_by(&self, opened: &Opened, user: UserId) -> ChatConversation {
        let others = || opened.members.iter().filter(|member| member.user != user);
        let own = opened.members.iter().find(|member| member.user == user);
        let lowest = |mark: fn(&StoredMember) -> u64| others().map(mark).min().unwrap_or_default();
        let conversation = &opened.conversation;
        let is_direct = conversation.kind == ChatKind::Direct;
        let joined = own.map(|own| own.joined).unwrap_or_default();
        let seen = StoredConversation {
            peer: others().next().filter(|_| is_direct).map(|other| other.user),
            read: own.map(|own| own.read).unwrap_or_default(),
            others_delivered: lowest(|member| member.delivered),
            others_read: lowest(|member| member.read),
            last: conversation.last.clone().filter(|last| last.seq > joined),
            ..conversation.clone()
        };
        self.conversation(&seen)
    }
}

fn ids(users: &[UserId]) -> Vec<String> {
    users.iter().map(ToString::to_string).collect()
}

/// By sign, the one most gave first; of two equal ones the older.
fn reactions(given: &[(UserId, String)]) -> Vec<ChatReaction> {
    let mut by_sign: Vec<ChatReaction> = Vec::new();
    for (user, emoji) in given {
        match by_sign.iter_mut().find(|reaction| reaction.emoji == *emoji) {
            Some(reaction) => reaction.users.push(user.to_string()),
            None => by_sign.push(ChatReaction { emoji: emoji.clone(), users: vec![user.to_string()] }),
        }
    }
    by_sign.sort_by_key(|reaction| std::cmp::Reverse(reaction.users.len()));
    by_sign
}

const fn asking_session(asker: ChatAsker) -> Option<SessionId> {
    match asker {
        ChatAsker::Page { session, .. } => Some(session),
        ChatAsker::Telephone { .. } | ChatAsker::Nobody => None,
    }
}
