//! The updater: swaps the images of Ringdown's containers.
//!
//! What is done next is decided by the pure crate `ringdown-update`; this is its shell: the container engine, the
//! journal's file, releases and their signatures, and the socket by which the console and the command line ask.

pub mod ask;
pub mod config;
pub mod engine;
pub mod journal_file;
pub mod release_source;
pub mod serve;
pub mod spec;
pub mod work;
