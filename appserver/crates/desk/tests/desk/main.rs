//! The desk in simulated time.

mod authorization;
mod commands;
mod detached;
mod messages;
mod replay;
mod slow_connection;
mod world;
