//! Writes every malformed SIP message of `ringdown_testkit::hostile`, for scripts that send them to a running program:
//! four bytes of length, most significant first, then the message.
//!
//! `malformed SEED USER DOMAIN`

use std::{env, error::Error, io::Write};

use ringdown_testkit::hostile;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [seed, user, domain] = arguments.as_slice() else {
        return Err("usage: malformed SEED USER DOMAIN".into());
    };
    let mut out = std::io::stdout().lock();
    for case in hostile::cases(seed.parse()?, user, domain) {
        let bytes = case.of_stranger();
        out.write_all(&u32::try_from(bytes.len())?.to_be_bytes())?;
        out.write_all(&bytes)?;
    }
    Ok(())
}
