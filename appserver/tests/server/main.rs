//! The app server over real sockets and a real store.

mod calls;
mod chat;
mod compat;
mod compat_rest;
mod database_away;
mod dialplan;
mod files;
mod first_start;
mod harness;
mod history;
mod limits;
mod node_link;
mod outside;
mod pages;
mod people;
mod presence;
mod push;
mod recordings;
mod rest;
mod resume;
mod rights;
mod sign_in;
mod voicemail;
