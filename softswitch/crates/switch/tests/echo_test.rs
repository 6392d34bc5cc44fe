//! *43 announces itself and echoes, from a browser and from a phone.

mod support;

use ringdown_media::api::{MediaEvent, PlaySource};
use ringdown_types::{LegId, PromptId};
use support::{browser::ALL, *};

fn listens_to_the_prompt_then_to_itself(office: &mut Office, leg: LegId) {
    let Hears::Play(PlaySource::Prompt(PromptId::EchoTest), token) = office.hears(leg) else {
        panic!("the prompt plays, not {:?}", office.hears(leg))
    };
    office.media_event(MediaEvent::PlayFinished { leg, token });
    assert_eq!(office.hears(leg), Hears::Itself);
}

#[test]
fn a_browser_hears_itself() {
    let mut office = Office::new();
    let alice = office.tab(ALICE);
    let leg = office.browser_calls(alice, ALICE, "*43", &ALL);
    listens_to_the_prompt_then_to_itself(&mut office, leg);
    assert_eq!(office.legs[&leg].peer.user, None);
    assert_eq!(office.legs[&leg].peer.number.as_str(), "*43");
    office.hang_up(leg);
    office.assert_quiet();
}

#[test]
fn a_phone_hears_itself() {
    let mut office = Office::new();
    let alice = office.phone("alice-phone");
    office.at(alice, |phone| phone.dial("*43"));
    assert_eq!(office.phones[alice].statuses(), [401, 200]);
    let leg = office.leg_of(ALICE);
    listens_to_the_prompt_then_to_itself(&mut office, leg);
    office.at(alice, |phone| phone.hang_up());
    office.assert_quiet();
}
