//! The client protocol: what a browser and the app server say to each other on `/ws`.
//!
//! JSON text frames. The client sends [`Request`]s and gets one [`Response`] each; the server sends [`Push`]es.
//! These types are the source of `web-client/src/protocol/generated.ts`; a test fails when the two drift apart.
//! See `docs/client-protocol.md`.

mod call;
mod chat;
mod contacts;
mod error;
mod files;
mod frame;
mod method;
mod moves;
mod people;
mod presence;
mod push;
mod quality;
mod recording;
mod rest;
mod room;
mod settings;
mod sign_in;
mod voicemail;

pub use call::{
    CallDirection, CallInfo, CallOutcome, CallState, Description, DescriptionKind, EndedBy, HistoryEntry,
    PeerInfo,
};
pub use chat::{
    ChatBlockParams, ChatChangeParams, ChatConversation, ChatCreateParams, ChatDeleteParams, ChatEditParams,
    ChatFound, ChatHistory, ChatHistoryParams, ChatKind, ChatList, ChatListParams, ChatMarkParams,
    ChatMember, ChatMessage, ChatOpenParams, ChatOpened, ChatParams, ChatReactParams, ChatReaction,
    ChatSearchParams, ChatSendParams, ChatSent, FileLink, FileParams,
};
pub use contacts::{Contact, ContactNumber, ContactSearchParams, ContactSearchResult, PhotoParams};
pub use error::{ErrorCode, ErrorInfo};
pub use files::FileInfo;
pub use frame::{FrameRefusal, MAX_DEPTH, MAX_FRAME_BYTES, Request, Response, parse_request};
pub use method::{
    AnswerParams, CallStarted, CallTones, CandidateParams, ClientInfo, DeclineParams, DeclineReason,
    DescribeParams, DtmfParams, Empty, HelloParams, HistoryParams, HistoryResult, IceServer, LegParams,
    Method, MuteParams, ResumeParams, ResumeResult, SearchParams, SearchResult, StartParams, State, Welcome,
};
pub use moves::{
    CompleteParams, CompletionParams, CompletionState, OriginateParams, Originated, ParkParams, ParkedCall,
    Slot, TransferParams,
};
pub use people::{DirectoryEntry, DirectoryText, Me, Role};
pub use presence::{
    Activity, FavouriteParams, PresenceEntry, PresenceParams, PresenceState, SoundParams, WatchParams,
    WatchResult,
};
pub use push::{Push, PushFrame};
pub use quality::{AudioQuality, AudioWay, CallQuality, CallSide, QualityIssue, QualityWarning};
pub use recording::{RecordParams, RecordingStarted, StopRecordingParams};
pub use rest::{LoginRequest, Problem, RefreshRequest, Ticket, Tokens};
pub use room::{
    Invited, MergeParams, RoomGainParams, RoomInvitation, RoomInviteParams, RoomLockParams, RoomMember,
    RoomMuteParams, RoomRemoveParams, RoomState, RoomUninviteParams,
};
pub use settings::{ForwardChange, ForwardSettings, Settings, SettingsChange};
pub use sign_in::{LoginCode, LoginFor, OidcRedeem, SignInMethods, SignInProvider, TokenLogin};
pub use voicemail::{
    Mailbox, VoicemailCount, VoicemailLink, VoicemailMarkParams, VoicemailMessage, VoicemailParams,
};
