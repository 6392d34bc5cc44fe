//! What the switch costs. See `README.md` beside `Cargo.toml`: the load tool `sip-load` drives whole programs, the
//! criterion benches measure parts. Here is what both need: telephones that say what telephones say.

pub mod digest;
pub mod phones;
pub mod process;
pub mod wire;
