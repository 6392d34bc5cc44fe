//! A whole PBX without I/O: joins SIP, WebRTC legs, call control and the dialplan.
//!
//! [`Switch`] is told what arrives and what time it is, and says what to send, what the media workers are to do and
//! what the app server must know. The shell owns sockets, threads and clocks; a test owns two telephones and a
//! simulated hour.
//!
//! | file | owns |
//! |---|---|
//! | `switch` | the composition, and the public verbs |
//! | `sip_requests` | SIP requests outside dialogs: admission, REGISTER, INVITE, refusals |
//! | `sip_calls`, `sip_leg` | the one table between SIP and legs: what signalling means, what actions become |
//! | `commands`, `web_leg` | the same for browsers |
//! | `video`, `device_video` | what two legs see of each other |
//! | `actions`, `notices` | call control's outputs, carried out and translated |
//! | `routing` | from a number to a call |
//! | `isolation` | what a bug may cost |
//! | `limits` | what a source may ask for, and what guessing costs |
//! | `subscriptions`, `presence` | who watches what, and what they are told; PUBLISH |
//! | `messages`, `qualify` | MESSAGE, and whether telephones are there |
//! | `auth`, `registrations`, `sessions`, `directory` | who may, who is reachable and where, who is who |
//! | `workers`, `ports`, `media` | which media worker, which port, and negotiation in the workers' words |
//!
//! `docs/life-of-a-call.md` follows a call through them, `docs/teardown.md` its end.

mod actions;
mod auth;
mod clock;
mod command_log;
mod commands;
mod config;
mod device_video;
mod directory;
mod diverted;
mod explain;
mod features;
mod groups;
mod habit;
mod isolation;
mod legs;
mod limits;
mod link_video;
mod links;
mod lost_media;
mod mailboxes;
mod media;
mod messages;
mod mixes;
mod notices;
mod output;
mod played;
mod ports;
mod presence;
mod qualify;
mod quality;
mod recordings;
mod registrations;
mod rooms;
mod routing;
mod sessions;
mod settings;
mod sip_calls;
mod sip_leg;
mod sip_requests;
mod sip_session;
mod sip_transfers;
mod subscriptions;
mod switch;
mod video;
mod web_leg;
mod web_session;
mod workers;

pub use config::{QualifyConfig, SwitchConfig, SwitchLimits, WorkerInfo};
pub use directory::DirectoryError;
pub use output::Output;
pub use switch::Switch;
