//! Datagrams to a whole switch, one after another: what is between two record separators is one. Seeds are the messages
//! of RFC 4475 and RFC 5118, and requests that hold `{credentials}`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringdown_fuzz::Company;

fuzz_target!(|bytes: &[u8]| {
    let mut company = Company::new();
    for datagram in bytes.split(|byte| *byte == 0x1e).take(4) {
        company.send(datagram);
    }
    company.finish();
});
