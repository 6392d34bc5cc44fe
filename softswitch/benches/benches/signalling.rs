//! The parts of signalling, without a network: `cargo bench -p ringdown-benches`.

#![allow(missing_docs)]

mod office;

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use office::Office;
use ringdown_benches::phones::{self, Envelope};
use ringdown_sip::message::{Datagram, HeaderName, Message, Request, Response, parse_datagram};

/// An INVITE like a desk phone's, with credentials and a session description: some 900 bytes.
fn invite() -> Bytes {
    let authorization = "Authorization: Digest username=\"100007\", realm=\"ringdown.local\", nonce=\"6b1f0\", \
                         uri=\"sip:100042@ringdown.local\", response=\"d41d8cd98f00b204e9800998ecf8427e\", \
                         algorithm=MD5, cnonce=\"0a4f113b\", qop=auth, nc=00000007\r\n";
    let envelope = Envelope {
        realm: "ringdown.local",
        local: ([192, 0, 2, 17], 5060).into(),
        call_id: "3848276298220188511@192.0.2.17",
        branch: "z9hG4bK-524287-1---9f1c2d3e4a5b6c7d",
        cseq: 2,
        from: "100007",
        tag: "8f3a2b1c",
    };
    phones::invite(envelope, "100042", authorization).into()
}

fn request(bytes: &Bytes) -> Request {
    match parse_datagram(bytes) {
        Ok(Datagram::Message(Message::Request(request))) => request,
        other => panic!("the message is a request: {other:?}"),
    }
}

fn messages(criterion: &mut Criterion) {
    let bytes = invite();
    println!("the INVITE has {} bytes", bytes.len());
    criterion.bench_function("message/parse an INVITE", |bencher| {
        bencher.iter(|| black_box(parse_datagram(black_box(&bytes))));
    });
    let request = request(&bytes);
    criterion
        .bench_function("message/print an INVITE", |bencher| bencher.iter(|| black_box(request.encode())));
    criterion.bench_function("message/make and print a 180", |bencher| {
        bencher.iter(|| {
            let response = Response::to_request(&request, 180).with_to_tag("8f3a2b1c9d");
            black_box(response.with(HeaderName::Contact, "<sip:ringdown@192.0.2.1:5060>").encode())
        });
    });
    criterion.bench_function("message/read Via, From, To, Call-ID and CSeq", |bencher| {
        bencher.iter(|| {
            let headers = &request.headers;
            black_box((
                headers.via(),
                headers.from(),
                headers.to(),
                headers.call_id().is_ok(),
                headers.cseq(),
            ))
        });
    });
}

fn switch(criterion: &mut Criterion) {
    let mut office = Office::new(1000);
    criterion.bench_function("switch/REGISTER, challenged first", |bencher| {
        bencher.iter(|| office.register(false));
    });
    criterion.bench_function("switch/REGISTER with the last nonce", |bencher| {
        bencher.iter(|| office.register(true));
    });
    criterion.bench_function("switch/OPTIONS from a stranger", |bencher| bencher.iter(|| office.options()));
    criterion.bench_function("switch/a whole call", |bencher| bencher.iter(|| office.call()));
}

criterion_group!(benches, messages, switch);
criterion_main!(benches);
