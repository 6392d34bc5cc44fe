//! Whatever clients and the desk say, the machines live, answer each request once, and ask nothing before a sign-in.

use proptest::prelude::*;
use ringdown_compat::{Output, SignedIn, Text, Verto, Webitel};
use ringdown_protocol::{ErrorCode, ErrorInfo, Push, State};
use serde_json::{Value, json};

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("one".to_owned()),
        Just("two".to_owned()),
        Just("00000000-0000-0000-0000-000000000001".to_owned()),
        Just("hold".to_owned()),
        Just("updateMedia".to_owned()),
        Just("transfer".to_owned()),
        Just("102@pbx".to_owned()),
        "\\PC{0,12}",
    ]
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        words().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(words(), inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

fn verto_frame() -> impl Strategy<Value = Value> {
    let methods = prop::sample::select(vec![
        "login",
        "verto.invite",
        "verto.answer",
        "verto.bye",
        "verto.modify",
        "verto.info",
        "verto.attach",
        "verto.subscribe",
        "verto.unsubscribe",
        "verto.broadcast",
        "echo",
        "jsapi",
        "nothing",
    ]);
    (methods, words(), words(), words(), values()).prop_map(|(method, call, sdp, action, extra)| {
        json!({"jsonrpc": "2.0", "method": method, "params": {
            "sdp": sdp, "action": action, "destination": call, "replaceCallID": action, "dtmf": sdp,
            "eventChannel": extra, "login": "101@pbx", "passwd": "x",
            "dialogParams": {"callID": call, "destination_number": sdp, "userVariables": extra},
        }})
    })
}

fn webitel_frame() -> impl Strategy<Value = Value> {
    let functions = prop::sample::select(vec![
        "auth",
        "login",
        "logout",
        "call",
        "hangup",
        "hold",
        "unhold",
        "toggle_hold",
        "transfer",
        "bridge",
        "att_xfer",
        "att_xfer2",
        "att_xfer_bridge",
        "att_xfer_cancel",
        "attended_transfer",
        "dtmf",
        "park",
        "channel_dump",
        "getvar",
        "setvar",
        "show_channel",
        "chat_send",
        "sys_msg",
        "subscribe",
        "rawapi",
        "api account list",
        "api account change",
        "api whoami",
        "ping",
        "nothing",
    ]);
    (functions, words(), words(), words(), values()).prop_map(|(function, a, b, c, extra)| {
        json!({"exec-func": function, "exec-args": {
            "account": "101@pbx", "secret": "x", "channel-uuid": a, "call-uuid": b, "uuid": c,
            "channel_uuid_A": a, "channel_uuid_B": b, "channel-uuid-leg-a": a, "channel-uuid-leg-c": b,
            "extension": b, "destination": c, "digits": c, "user": "101", "param": "status", "value": b,
            "event": c, "to": a, "body": extra, "params": extra, "call_uuid": a,
        }})
    })
}

/// Something of a desk's, about one of two calls.
fn pushes() -> impl Strategy<Value = Push> {
    let calls = (0_u8..3, any::<bool>(), any::<bool>(), 0_u8..4, words());
    (calls, 0_u8..6).prop_map(|((id, mine, outbound, state, number), kind)| {
        let id = format!("{id:032x}");
        let state = ["dialing", "ringing", "active", "active"][usize::from(state)];
        let call = json!({
            "id": id, "callId": id, "mine": mine, "direction": if outbound { "outbound" } else { "inbound" },
            "state": state, "peer": {"userId": null, "number": number, "name": number}, "held": outbound,
            "heldByPeer": false, "peerLost": false, "muted": false, "createdAt": 1,
            "answeredAt": (state == "active").then_some(2), "variables": {"compat-call-id": number},
        });
        let offer = json!({"type": if outbound { "answer" } else { "offer" }, "sdp": number});
        let (event, data) = match kind {
            0 => ("call.incoming", json!({"call": call, "description": offer, "autoAnswer": mine})),
            1 => ("call.description", json!({"call": id, "description": offer})),
            2 => {
                let data =
                    json!({"call": call, "reason": "hangup", "by": "remote", "code": 16, "durationMs": 0});
                ("call.ended", data)
            }
            3 => ("calls", json!({"calls": [call]})),
            _ => ("call.state", json!({"call": call})),
        };
        serde_json::from_value(json!({"event": event, "data": data})).expect("a push")
    })
}

#[derive(Debug, Clone)]
enum Step {
    Text(Value),
    Push(Box<Push>),
    /// The desk answers what waits for longest: well, or not.
    Answer(bool),
}

fn steps(frames: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => frames.prop_map(Step::Text),
        1 => values().prop_map(Step::Text),
        3 => pushes().prop_map(|push| Step::Push(Box::new(push))),
        2 => any::<bool>().prop_map(Step::Answer),
    ];
    prop::collection::vec(step, 0..40)
}

fn signed_in() -> SignedIn {
    let state: State = serde_json::from_value(json!({
        "directory": [], "calls": [], "callsComplete": true, "rooms": [], "parked": [], "switchUp": true,
        "tones": {"busy": "", "congestion": ""}, "directoryComplete": true, "favourites": [], "missed": 0,
        "voicemail": {"new": 0, "saved": 0, "urgent": 0},
    }))
    .expect("a state");
    let me = json!({"userId": "1", "username": "alice", "name": "Alice", "extension": "101", "role": "user"});
    SignedIn {
        me: serde_json::from_value(me).expect("somebody"),
        session: "5".to_owned(),
        state,
        resumed: false,
    }
}

macro_rules! runs {
    ($machine:ty, $steps:expr, $id:literal) => {{
        let mut machine = <$machine>::new();
        let mut asked = std::collections::VecDeque::new();
        let (mut next, mut sent, mut answered) = (1_u32, 0, Vec::new());
        for step in $steps {
            match step {
                Step::Text(mut frame) => {
                    if let Some(frame) = frame.as_object_mut() {
                        frame.insert($id.to_owned(), next.into());
                        next += 1;
                        sent += 1;
                    }
                    machine.handle_text(&frame.to_string());
                }
                Step::Push(push) => machine.handle_push(*push),
                Step::Answer(well) => {
                    if let Some(id) = asked.pop_front() {
                        let error = ErrorInfo::new(ErrorCode::WrongState, "no");
                        let started = json!({"callId": "9"});
                        machine.handle_response(id, if well { Ok(started) } else { Err(error) });
                    }
                }
            }
            while let Some(output) = machine.poll_output() {
                match output {
                    Output::SignIn(_) => machine.handle_signed_in(Ok(signed_in())),
                    Output::Desk(request) => {
                        assert!(machine.is_signed_in());
                        asked.push_back(request.id);
                    }
                    Output::Client(Text(text)) => {
                        let frame: Value = serde_json::from_str(&text).expect("JSON");
                        if frame.get("method").is_none()
                            && let Some(id) = frame.get($id).and_then(Value::as_u64)
                        {
                            answered.push(id);
                        }
                    }
                    Output::Tell { .. } | Output::Token { .. } | Output::Close => {}
                }
            }
        }
        let count = answered.len();
        answered.sort_unstable();
        answered.dedup();
        assert_eq!(answered.len(), count, "no request is answered twice");
        assert!(count <= sent);
    }};
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_verto_machine_takes_it(steps in steps(verto_frame())) {
        runs!(Verto, steps, "id");
    }

    #[test]
    fn a_webitel_machine_takes_it(steps in steps(webitel_frame())) {
        runs!(Webitel, steps, "exec-uuid");
    }

    #[test]
    fn any_text_is_taken(text in "\\PC{0,200}") {
        Verto::new().handle_text(&text);
        Webitel::new().handle_text(&text);
    }
}
