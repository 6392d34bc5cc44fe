//! `web-client/src/protocol/generated.ts` is written from the Rust types. This test fails when it differs;
//! `RINGDOWN_UPDATE=1 cargo test -p ringdown-protocol` writes it anew.

use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf};

use ringdown_protocol::{
    CallStarted, ChatFound, ChatHistory, ChatList, ChatSent, ContactSearchResult, Empty, FileInfo, FileLink,
    HistoryResult, Invited, LoginCode, LoginFor, LoginRequest, MAX_DEPTH, MAX_FRAME_BYTES, Mailbox, Method,
    OidcRedeem, Originated, Problem, PushFrame, RecordingStarted, RefreshRequest, Request, Response,
    ResumeResult, SearchResult, SignInMethods, Slot, Ticket, TokenLogin, Tokens, VoicemailLink, WatchResult,
    Welcome,
};
use ringdown_types::EndReason;
use ts_rs::{Config, TS, TypeVisitor};

/// The result type of every method, for the client's typed `request`.
const RESULTS: &[(&str, &str)] = &[
    ("hello", "Welcome"),
    ("resume", "ResumeResult"),
    ("ping", "Empty"),
    ("bye", "Empty"),
    ("directory.search", "SearchResult"),
    ("history.list", "HistoryResult"),
    ("settings.get", "Settings"),
    ("settings.set", "Settings"),
    ("call.start", "CallStarted"),
    ("call.answer", "Empty"),
    ("call.decline", "Empty"),
    ("call.hangup", "Empty"),
    ("call.hold", "Empty"),
    ("call.unhold", "Empty"),
    ("call.mute", "Empty"),
    ("call.dtmf", "Empty"),
    ("call.describe", "Empty"),
    ("call.candidate", "Empty"),
    ("call.transfer", "Empty"),
    ("call.complete", "Empty"),
    ("call.merge", "Empty"),
    ("room.mute", "Empty"),
    ("room.gain", "Empty"),
    ("room.remove", "Empty"),
    ("room.lock", "Empty"),
    ("room.invite", "Invited"),
    ("room.uninvite", "Empty"),
    ("call.park", "Slot"),
    ("call.originate", "Originated"),
    ("call.completion", "Empty"),
    ("call.record", "RecordingStarted"),
    ("call.stopRecording", "Empty"),
    ("presence.set", "Empty"),
    ("presence.watch", "WatchResult"),
    ("presence.unwatch", "Empty"),
    ("presence.sound", "Empty"),
    ("directory.favourite", "Empty"),
    ("history.seen", "Empty"),
    ("voicemail.list", "Mailbox"),
    ("voicemail.mark", "Empty"),
    ("voicemail.delete", "Empty"),
    ("voicemail.link", "VoicemailLink"),
    ("session.state", "Welcome"),
    ("chat.list", "ChatList"),
    ("chat.open", "ChatOpened"),
    ("chat.create", "ChatOpened"),
    ("chat.change", "ChatOpened"),
    ("chat.leave", "Empty"),
    ("chat.history", "ChatHistory"),
    ("chat.send", "ChatSent"),
    ("chat.edit", "ChatSent"),
    ("chat.delete", "ChatSent"),
    ("chat.mark", "Empty"),
    ("chat.typing", "Empty"),
    ("chat.search", "ChatFound"),
    ("file.link", "FileLink"),
    ("file.place", "FileLink"),
    ("chat.react", "ChatSent"),
    ("chat.block", "Empty"),
    ("call.reoffer", "Empty"),
    ("directory.photo", "Empty"),
    ("contact.search", "ContactSearchResult"),
];

/// Collects the declarations of a type and of all it mentions.
struct Declarations {
    config: Config,
    by_name: BTreeMap<String, String>,
}

impl Declarations {
    fn add<T: TS + 'static + ?Sized>(mut self) -> Self {
        self.visit::<T>();
        self
    }
}

impl TypeVisitor for Declarations {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        // Built-in types have no path: they need no declaration.
        if T::output_path().is_some() && !self.by_name.contains_key(&T::ident(&self.config)) {
            let text = format!("{}export {}\n", T::docs().unwrap_or_default(), T::decl(&self.config));
            self.by_name.insert(T::ident(&self.config), text);
            T::visit_dependencies(self);
        }
        T::visit_generics(self);
    }
}

fn typescript() -> String {
    let declarations = Declarations { config: Config::new(), by_name: BTreeMap::new() }
        .add::<Request>()
        .add::<Response>()
        .add::<PushFrame>()
        .add::<Empty>()
        .add::<Welcome>()
        .add::<ResumeResult>()
        .add::<SearchResult>()
        .add::<HistoryResult>()
        .add::<CallStarted>()
        .add::<Slot>()
        .add::<Originated>()
        .add::<Invited>()
        .add::<RecordingStarted>()
        .add::<ChatList>()
        .add::<ChatHistory>()
        .add::<ChatSent>()
        .add::<ChatFound>()
        .add::<FileLink>()
        .add::<FileInfo>()
        .add::<WatchResult>()
        .add::<ContactSearchResult>()
        .add::<Mailbox>()
        .add::<VoicemailLink>()
        .add::<LoginRequest>()
        .add::<RefreshRequest>()
        .add::<SignInMethods>()
        .add::<TokenLogin>()
        .add::<LoginFor>()
        .add::<LoginCode>()
        .add::<OidcRedeem>()
        .add::<Tokens>()
        .add::<Ticket>()
        .add::<Problem>();
    let mut text = String::from(
        "// Written from the Rust types of appserver/crates/protocol: do not edit.\n\
         // `RINGDOWN_UPDATE=1 cargo test -p ringdown-protocol` writes it anew.\n\n",
    );
    writeln!(text, "/**\n * The longest frame a client may send, in bytes.\n */").expect("a string grows");
    writeln!(text, "export const MAX_FRAME_BYTES = {MAX_FRAME_BYTES};\n").expect("a string grows");
    writeln!(text, "/**\n * The deepest nesting of a client's JSON.\n */").expect("a string grows");
    writeln!(text, "export const MAX_DEPTH = {MAX_DEPTH};\n").expect("a string grows");
    let reasons: Vec<_> = EndReason::ALL.iter().map(|reason| format!("  \"{reason}\",")).collect();
    writeln!(text, "/**\n * Why a call ended.\n */").expect("a string grows");
    writeln!(text, "export const END_REASONS = [\n{}\n] as const;\n", reasons.join("\n"))
        .expect("a string grows");
    writeln!(text, "/**\n * Why a call ended.\n */").expect("a string grows");
    writeln!(text, "export type EndReason = (typeof END_REASONS)[number];\n").expect("a string grows");
    for declaration in declarations.by_name.values() {
        writeln!(text, "{declaration}").expect("a string grows");
    }
    writeln!(text, "/**\n * The result of each method.\n */\nexport type Results = {{")
        .expect("a string grows");
    for (method, result) in RESULTS {
        writeln!(text, "  \"{method}\": {result};").expect("a string grows");
    }
    text.push_str("};\n");
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[test]
fn generated_types_match_the_rust_types() {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../web-client/src/protocol/generated.ts");
    let want = typescript();
    if std::env::var_os("RINGDOWN_UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder is writable");
        std::fs::write(&path, &want).expect("the file is writable");
    }
    let have = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(have == want, "{} is stale: run with RINGDOWN_UPDATE=1", path.display());
}

#[test]
fn every_method_has_a_result() {
    let named: Vec<_> = RESULTS.iter().map(|(method, _)| *method).collect();
    assert_eq!(named, Method::NAMES);
}
