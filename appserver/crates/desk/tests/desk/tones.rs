//! The tones of calls that were not answered are those of the installation's country, on every page.

use serde_json::json;

use crate::world::{ALICE, BOB, World};

#[test]
fn pages_are_told_the_country_s_tones_and_when_an_admin_chooses_others() {
    let mut world = World::new();
    let (alice, bob) = (world.hello(ALICE), world.hello(BOB));
    let state = world.result(alice.conn, 1).expect("a welcome")["state"].clone();
    assert_eq!(state["tones"], json!({"busy": "425/500,0/500", "congestion": "425/250,0/250"}));

    world.set_country("us", 2);
    world.set_country("us", 3);
    let tones = json!({"busy": "480+620/500,0/500", "congestion": "480+620/250,0/250"});
    for tab in [&alice, &bob] {
        let pushes = world.pushes(tab.conn, "tones");
        let told: Vec<_> = pushes.iter().map(|(_, data)| &data["tones"]).collect();
        assert_eq!(told, [&tones], "once, not with every change of the directory");
    }
    let (_, resumed) = world.resume(&alice, 0);
    assert_eq!(resumed.expect("a resume")["state"]["tones"], tones);
}
