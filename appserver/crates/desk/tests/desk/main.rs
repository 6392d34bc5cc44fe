//! The desk in simulated time.

mod asleep;
mod authorization;
mod commands;
mod control_sessions;
mod detached;
mod messages;
mod moved_legs;
mod moves;
mod quality;
mod recordings;
mod replay;
mod rooms;
mod slow_connection;
mod tones;
mod world;
