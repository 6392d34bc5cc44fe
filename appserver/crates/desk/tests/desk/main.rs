//! The desk in simulated time.

mod asleep;
mod authorization;
mod chat;
mod chat_telephones;
mod commands;
mod contacts;
mod control_sessions;
mod detached;
mod large_company;
mod moved_legs;
mod moves;
mod quality;
mod recordings;
mod replay;
mod rooms;
mod said;
mod sides;
mod slow_connection;
mod standby;
mod statements;
mod tones;
mod world;
