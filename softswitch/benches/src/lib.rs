//! What the switch costs. See `README.md` beside `Cargo.toml`: the load tool `sip-load` drives whole programs, the
//! criterion benches measure parts.
