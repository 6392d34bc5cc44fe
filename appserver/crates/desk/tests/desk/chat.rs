//! The chat: what is asked is checked, what came of it reaches members and nobody else.

use std::sync::Arc;

use ringdown_control::{Event, RoomInfo, RoomMemberInfo};
use ringdown_desk::{
    ChatAsker, ChatDone, ChatJob, ChatNews, ChatTarget, ChatWork, Opened, Output, StoredConversation,
    StoredMember, StoredMessage,
};
use ringdown_protocol::{
    ChatCreateParams, ChatKind, ChatMarkParams, ChatOpenParams, ChatParams, ChatSearchParams, ChatSendParams,
    ErrorCode, ErrorInfo, Method,
};
use ringdown_types::{ConversationId, MessageId, Pii, RoomId, UserId};
use serde_json::json;

use crate::world::{ALICE, BOB, LINK, World, answered, leg, person};

pub(crate) const TALK: ConversationId = ConversationId::from_u128(77);
const CAROL: UserId = UserId::from_u128(3);

pub(crate) fn send(to: &str, text: &str) -> Method {
    let (to, text) = (Some(Pii(to.to_owned())), Pii(text.to_owned()));
    Method::ChatSend(ChatSendParams { conversation: None, to, text, file: None, id: None })
}

pub(crate) fn stored(author: UserId, seq: u64, text: &str) -> StoredMessage {
    StoredMessage {
        id: MessageId::from_u128(u128::from(seq) + 100),
        conversation: TALK,
        seq,
        revision: seq,
        author,
        text: Pii(text.to_owned()),
        file: None,
        at: 1_700_000_000_000,
        edited_at: None,
        is_deleted: false,
        reactions: Vec::new(),
    }
}

pub(crate) fn kept(message: StoredMessage, kind: ChatKind, members: &[UserId]) -> ChatNews {
    let conversation = (kind, Pii("Team".to_owned()));
    ChatNews::Message { message: Box::new(message), conversation, members: Arc::from(members), is_new: true }
}

impl World {
    /// The jobs for the keeper since the last look.
    pub(crate) fn jobs(&mut self) -> Vec<ChatJob> {
        let mut jobs = Vec::new();
        self.others.retain(|output| match output {
            Output::Chat(job) => {
                jobs.push((**job).clone());
                false
            }
            _ => true,
        });
        jobs
    }

    pub(crate) fn job(&mut self) -> ChatJob {
        let mut jobs = self.jobs();
        assert_eq!(jobs.len(), 1, "{jobs:?}");
        jobs.remove(0)
    }

    pub(crate) fn done(&mut self, job: &ChatJob, outcome: Result<ChatNews, ErrorInfo>) {
        self.desk.handle_chat(self.now, ChatDone { user: job.user, asker: job.asker, outcome });
        self.carry_out();
    }

    fn three() -> Self {
        let mut world = Self::new();
        let people = [(ALICE, "alice", "101"), (BOB, "bob", "102"), (CAROL, "carol", "103")];
        world.set_people(people.map(|(id, name, number)| person(id, name, number)).into(), 2);
        world
    }
}

#[test]
fn a_message_is_told_to_every_page_of_both_and_of_nobody_else() {
    let mut world = World::three();
    let (alice, other) = (world.hello(ALICE), world.hello(ALICE));
    let (bob, carol) = (world.hello(BOB), world.hello(CAROL));
    world.request(alice.conn, 2, send(" 102 ", "hello <bob>"));
    let job = world.job();
    assert!(job.work.writes());
    let ChatWork::Send { target, text, .. } = &job.work else { panic!("{job:?}") };
    assert_eq!((target, text.as_str()), (&ChatTarget::Person(BOB), "hello <bob>"));
    assert!(world.pushes(bob.conn, "chat.message").is_empty(), "it is not kept yet");
    world.done(&job, Ok(kept(stored(ALICE, 1, "hello <bob>"), ChatKind::Direct, &[ALICE, BOB])));
    let result = world.result(alice.conn, 2).expect("sent");
    assert_eq!(result["message"]["from"]["name"], "alice");
    for conn in [bob.conn, other.conn] {
        let pushes = world.pushes(conn, "chat.message");
        assert_eq!((pushes.len(), &pushes[0].1["message"]), (1, &result["message"]));
    }
    assert!(world.pushes(alice.conn, "chat.message").is_empty(), "she has the answer");
    assert!(world.pushes(carol.conn, "chat.message").is_empty());
}

#[test]
fn what_is_wrong_never_reaches_the_keeper() {
    let mut world = World::three();
    let alice = world.hello(ALICE);
    let search = |query: &str| {
        Method::ChatSearch(ChatSearchParams { query: Pii(query.into()), conversation: None, cursor: None })
    };
    let group = |members: &[&str]| {
        let members = members.iter().map(|text| Pii((*text).to_owned())).collect();
        Method::ChatCreate(ChatCreateParams { title: Pii("Team".into()), members })
    };
    let wrong = [
        send("102", ""),
        send("102", " \n "),
        send("102", &"x".repeat(4_097)),
        send("102", "a\0b"),
        send("999", "hello"),
        send("101", "to myself"),
        search("  "),
        search("a b c d e f g h i"),
        group(&[]),
        group(&["101"]),
        group(&["102", "999"]),
        Method::ChatOpen(ChatOpenParams::default()),
        Method::ChatTyping(ChatParams { conversation: "../x".into() }),
    ];
    for (id, method) in (2..).zip(wrong) {
        let shown = format!("{method:?}");
        world.request(alice.conn, id, method);
        assert_eq!(world.result(alice.conn, id).expect_err("refused")["name"], "bad-request", "{shown}");
    }
    assert_eq!(world.jobs(), []);
}

#[test]
fn a_keeper_that_fails_is_told_to_who_asked() {
    let mut world = World::three();
    let alice = world.hello(ALICE);
    world.request(alice.conn, 2, send("102", "hello"));
    let job = world.job();
    world.done(&job, Err(ErrorInfo::new(ErrorCode::Internal, "the store failed")));
    assert_eq!(world.result(alice.conn, 2).expect_err("failed")["name"], "internal");
}

#[test]
fn a_group_is_told_to_its_members_each_as_they_see_it() {
    let mut world = World::three();
    let (alice, bob, carol) = (world.hello(ALICE), world.hello(BOB), world.hello(CAROL));
    let members = vec![Pii("102".to_owned()), Pii(CAROL.to_string())];
    world.request(
        alice.conn,
        2,
        Method::ChatCreate(ChatCreateParams { title: Pii(" Team ".into()), members }),
    );
    let job = world.job();
    let wanted = ChatWork::Create { title: Pii("Team".into()), members: vec![BOB, CAROL] };
    assert_eq!(job.work, wanted);
    let member =
        |user, read| StoredMember { user, is_owner: user == ALICE, joined: 0, delivered: read, read };
    let conversation = StoredConversation {
        id: TALK,
        kind: ChatKind::Group,
        title: Pii("Team".into()),
        peer: None,
        member_count: 3,
        last: None,
        last_seq: 4,
        revision: 4,
        read: 0,
        others_delivered: 0,
        others_read: 0,
        updated_at: 7,
    };
    let members = vec![member(ALICE, 4), member(BOB, 3), member(CAROL, 1)];
    let opened = Box::new(Opened { conversation, members });
    world.done(&job, Ok(ChatNews::Opened { opened, is_changed: true, gone: Vec::new() }));
    assert_eq!(world.result(alice.conn, 2).expect("made")["conversation"]["read"], 4);
    let of_bob = &world.pushes(bob.conn, "chat.conversation")[0].1["opened"];
    assert_eq!(
        (&of_bob["conversation"]["read"], &of_bob["conversation"]["othersRead"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(of_bob["members"].as_array().map(Vec::len), Some(3));
    assert_eq!(world.pushes(carol.conn, "chat.conversation").len(), 1);

    // Who is taken out is told that it is gone, and hears no typing any more.
    let typing = || Method::ChatTyping(ChatParams { conversation: TALK.to_string() });
    world.request(bob.conn, 2, typing());
    assert_eq!(world.jobs(), [], "the members are known");
    assert_eq!(world.pushes(carol.conn, "chat.typing")[0].1["from"]["name"], "bob");
    world.request(carol.conn, 2, Method::ChatLeave(ChatParams { conversation: TALK.to_string() }));
    let job = world.job();
    let rest = Opened {
        conversation: StoredConversation {
            id: TALK,
            kind: ChatKind::Group,
            title: Pii("Team".into()),
            peer: None,
            member_count: 2,
            last: None,
            last_seq: 4,
            revision: 5,
            read: 0,
            others_delivered: 0,
            others_read: 0,
            updated_at: 7,
        },
        members: vec![member(ALICE, 4), member(BOB, 3)],
    };
    world.done(&job, Ok(ChatNews::Left(Some(Box::new(rest)))));
    assert_eq!(world.result(carol.conn, 2).expect("left"), json!({}));
    assert!(world.pushes(carol.conn, "chat.gone").is_empty(), "she asked for it");
    assert_eq!(world.pushes(alice.conn, "chat.conversation").len(), 1);
    world.request(bob.conn, 3, typing());
    assert_eq!(world.pushes(carol.conn, "chat.typing").len(), 1);
}

#[test]
fn typing_asks_who_is_there_once_and_is_not_replayed() {
    let mut world = World::three();
    let (alice, bob) = (world.hello(ALICE), world.hello(BOB));
    let typing = || Method::ChatTyping(ChatParams { conversation: TALK.to_string() });
    world.request(alice.conn, 2, typing());
    let job = world.job();
    assert_eq!(job.work, ChatWork::Members(TALK));
    let members = Arc::from([ALICE, BOB]);
    world.done(&job, Ok(ChatNews::Members { conversation: TALK, members }));
    world.request(alice.conn, 3, typing());
    assert_eq!(world.jobs(), []);
    let told = world.pushes(bob.conn, "chat.typing");
    assert_eq!(told.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [0, 0]);
    assert!(world.pushes(alice.conn, "chat.typing").is_empty());
    // Somebody who is not in it types into the void.
    let carol = world.hello(CAROL);
    world.request(carol.conn, 2, typing());
    assert_eq!(world.pushes(bob.conn, "chat.typing").len(), 2);
}

#[test]
fn marks_are_told_to_members_of_small_conversations_once() {
    let mut world = World::three();
    let (alice, bob) = (world.hello(ALICE), world.hello(BOB));
    let read =
        Method::ChatMark(ChatMarkParams { conversation: TALK.to_string(), delivered: None, read: Some(3) });
    world.request(bob.conn, 2, read);
    let job = world.job();
    assert_eq!(job.work, ChatWork::Mark { conversation: TALK, delivered: 3, read: 3 });
    let marked = |told: &[UserId], is_news| {
        let told = Arc::from(told);
        Ok(ChatNews::Marked { conversation: TALK, delivered: 3, read: 3, told, is_news })
    };
    world.done(&job, marked(&[ALICE, BOB], true));
    let told = world.pushes(alice.conn, "chat.marks");
    assert_eq!(
        told[0].1,
        json!({"conversation": TALK.to_string(), "userId": BOB.to_string(), "delivered": 3, "read": 3})
    );
    world.done(&job, marked(&[ALICE, BOB], false));
    world.done(&job, marked(&[BOB], true));
    assert_eq!(world.pushes(alice.conn, "chat.marks").len(), 1);
}

#[test]
fn a_call_leads_to_the_conversation_of_its_two_or_of_its_room() {
    let mut world = World::three();
    world.connect_node(LINK, 1);
    world.know_all_calls();
    let (alice, bob) = (world.hello(ALICE), world.hello(BOB));
    let mut info = leg(5, BOB, &bob);
    info.peer.user = Some(ALICE);
    world.ring(info.clone());
    let info = answered(info);
    world.event(Event::LegChanged { leg: info.clone() });
    let open =
        || Method::ChatOpen(ChatOpenParams { call: Some(info.leg.to_string()), ..ChatOpenParams::default() });
    world.request(bob.conn, 2, open());
    assert_eq!(world.job().work, ChatWork::Open(ChatTarget::Person(ALICE)));
    world.request(alice.conn, 2, open());
    assert_eq!(world.result(alice.conn, 2).expect_err("not hers")["name"], "no-such-call");

    let room = RoomId::from_u128(4);
    let member = |id: u128, user: UserId| RoomMemberInfo {
        leg: ringdown_types::LegId::from_u128(id),
        call: ringdown_types::CallId::from_u128(9),
        party: ringdown_control::Party {
            user: Some(user),
            number: Pii(String::new()),
            name: Pii(String::new()),
        },
        is_moderator: false,
        is_muted: false,
        is_silenced: false,
        gain: 0,
        since: 0,
    };
    let with = |members| RoomInfo {
        room,
        number: Pii("800".into()),
        is_locked: false,
        members,
        invited: Vec::new(),
    };
    world.event(Event::RoomChanged { room: with(vec![member(5, BOB), member(6, ALICE)]) });
    assert_eq!(world.jobs(), [], "nobody wants to write there yet");
    world.request(bob.conn, 3, open());
    let of_room = |members| ChatWork::Open(ChatTarget::Room { room, title: Pii("800".into()), members });
    assert_eq!(world.job().work, of_room(vec![ALICE]));
    // Carol enters: she comes into its conversation by herself.
    world.event(Event::RoomChanged { room: with(vec![member(5, BOB), member(6, ALICE), member(7, CAROL)]) });
    let job = world.job();
    assert_eq!((job.user, job.asker, job.work), (CAROL, ChatAsker::Nobody, of_room(vec![BOB, ALICE])));
}
