//! The app server: people and policy. `main.rs` runs it; the tests run it in their own process.
//!
//! ```text
//!  listen ─▶ rest ─┬─▶ sign_in ─▶ store, password, access
//!                  ├─▶ ws   ─┐
//!                  └─▶ node ─┴─▶ desk_task (owns ringdown-desk) ─▶ writers ─▶ store
//!                                    ▲          └─▶ fan_out ─▶ outlet (a page's WebSocket)
//!                                directory ─▶ store
//! ```

pub mod access;
pub mod backup;
pub mod chat;
pub mod clock;
pub mod compat;
pub mod config;
pub mod desk_task;
pub mod dialplan;
pub mod directory;
pub mod fan_out;
pub mod files;
pub mod first_run;
pub mod headers;
pub mod hex;
pub mod jose;
pub mod listen;
pub mod node;
pub mod origin;
pub mod outgoing;
pub mod outlet;
pub mod outside;
pub mod pages;
pub mod password;
pub mod photo;
pub mod problem;
pub mod push;
pub mod random;
pub mod rest;
pub mod server;
pub mod settings;
pub mod sign_in;
pub mod sip_device;
pub mod socket;
pub mod state_file;
pub mod store;
pub mod tls;
pub mod writers;
pub mod ws;
