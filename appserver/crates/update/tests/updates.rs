//! Updates in simulated time, against a simulated engine, with an updater that is killed anywhere.

mod simulated;

use std::collections::BTreeMap;

use proptest::prelude::*;
use ringdown_update::{ContainerState, Health, Outcome, Refusal, Request, Role, Update};
use semver::Version;
use simulated::{Behaviour, Death, Engine, digest, effects, release, run};

const BROKEN: [Behaviour; 4] =
    [Behaviour::EndsAtOnce, Behaviour::NeverReady, Behaviour::GetsUnwell, Behaviour::FailsItsProbe];

/// Every role runs once, by its name, on the image of that version, which alone is `current`.
fn runs_only(engine: &Engine, minor: u64) {
    assert_eq!(engine.containers.len(), Role::ALL.len(), "{:?}", engine.containers);
    for role in Role::ALL {
        let container = engine.containers.iter().find(|known| known.role == role).expect("it is there");
        assert_eq!(container.image, digest(role, minor, 'i').to_string(), "{role}");
        assert_eq!(container.name, format!("ringdown_{role}_1"));
        assert_eq!(container.state, ContainerState::Running(Health::Healthy), "{role}");
        let current = format!("ringdown-{role}:current");
        let named: Vec<_> = engine.images.iter().filter(|image| image.tags.contains(&current)).collect();
        assert_eq!(named.len(), 1);
        assert_eq!(named[0].id, container.image, "{current} is what runs");
    }
}

fn updated(deaths: Vec<Death>) -> Engine {
    let mut engine = Engine::new();
    let outcome = run(&mut engine, &mut Vec::new(), deaths);
    assert_eq!(outcome, Outcome::Updated);
    runs_only(&engine, 2);
    engine
}

fn rolled_back(role: Role, behaviour: Behaviour, deaths: Vec<Death>) -> Engine {
    let mut engine = Engine { behaviour: BTreeMap::from([(role, behaviour)]), ..Engine::new() };
    let outcome = run(&mut engine, &mut Vec::new(), deaths);
    assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome:?}");
    runs_only(&engine, 1);
    engine
}

#[test]
fn everything_runs_on_the_new_images_and_the_old_ones_are_named_previous() {
    let engine = updated(Vec::new());
    for role in Role::ALL {
        let previous = format!("ringdown-{role}:previous");
        let named = engine.images.iter().find(|image| image.tags.contains(&previous)).expect("it is kept");
        assert_eq!(named.id, digest(role, 1, 'i').to_string());
    }
    assert_eq!(engine.backups, ["before-u1"], "the database is saved once");
}

#[test]
fn what_starts_beside_the_old_one_is_never_out_of_service() {
    let engine = updated(Vec::new());
    assert!(
        !engine.down.contains(&Role::Softswitch) && !engine.down.contains(&Role::Updater),
        "{:?}",
        engine.down
    );
}

#[test]
fn an_updater_killed_at_any_point_goes_on_where_it_was() {
    for at in 1..effects(BTreeMap::new()) {
        for death in [Death::Before(at), Death::After(at), Death::Within(at)] {
            updated(vec![death]);
        }
    }
}

#[test]
fn a_release_whose_container_is_broken_is_undone_and_nothing_is_left_of_it() {
    for role in Role::ALL {
        for behaviour in BROKEN {
            rolled_back(role, behaviour, Vec::new());
        }
    }
}

#[test]
fn an_updater_killed_at_any_point_of_the_way_back_finds_it() {
    for role in Role::ALL {
        for behaviour in BROKEN {
            for at in 1..effects(BTreeMap::from([(role, behaviour)])) {
                rolled_back(role, behaviour, vec![Death::Before(at)]);
                rolled_back(role, behaviour, vec![Death::After(at)]);
            }
        }
    }
}

#[test]
fn a_broken_release_is_undone_within_a_minute() {
    for role in Role::ALL {
        for behaviour in BROKEN {
            let before = Engine::new().now;
            let engine = rolled_back(role, behaviour, Vec::new());
            let took = engine.now - before;
            assert!(took < 60_000 + 15_000, "{role} {behaviour:?}: {took} ms, fetching included");
        }
    }
}

#[test]
fn an_image_the_registry_does_not_have_changes_nothing() {
    let mut engine = Engine::new();
    engine.registry.retain(|image| image.role != Some(Role::Softswitch));
    let outcome = run(&mut engine, &mut Vec::new(), Vec::new());
    assert!(
        matches!(&outcome, Outcome::RolledBack { why } if why.contains("manifest unknown")),
        "{outcome:?}"
    );
    runs_only(&engine, 1);
    assert!(engine.down.is_empty() && engine.backups.is_empty());
}

#[test]
fn an_image_of_another_role_or_version_is_not_started() {
    for wrong in [
        (Some(Role::Sounds), Some(Version::new(0, 2, 0))),
        (Some(Role::Appserver), Some(Version::new(0, 3, 0))),
        (None, None),
    ] {
        let mut engine = Engine::new();
        let image = engine
            .registry
            .iter_mut()
            .find(|image| image.role == Some(Role::Appserver))
            .expect("it is there");
        (image.role, image.version) = wrong;
        let outcome = run(&mut engine, &mut Vec::new(), Vec::new());
        assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome:?}");
        assert!(engine.down.is_empty());
    }
}

#[test]
fn an_admin_who_removes_the_old_container_meanwhile_is_told_what_to_do() {
    let mut engine =
        Engine { behaviour: BTreeMap::from([(Role::Appserver, Behaviour::NeverReady)]), ..Engine::new() };
    // The sounds' old container is gone when the app server fails.
    let plan = engine.plan();
    let (mut update, _) = Update::begin(plan);
    let outcome = loop {
        match update.next(engine.now, &engine.observed()) {
            ringdown_update::Next::Do(operation) => match engine.perform(&operation) {
                Ok(()) => update.succeeded(),
                Err(why) => update.failed(why),
            },
            ringdown_update::Next::Ended(outcome) => break outcome,
            _ => {}
        }
        engine.pass(500);
        if engine.containers.iter().any(|known| known.role == Role::Appserver && known.made_by.is_some()) {
            engine.containers.retain(|known| known.id != "old-sounds");
        }
    };
    let Outcome::Stuck { help, .. } = outcome else { panic!("{outcome:?}") };
    assert!(help.contains("docker compose up -d"), "{help}");
    let appserver =
        engine.containers.iter().find(|known| known.role == Role::Appserver).expect("it is there");
    assert_eq!(appserver.id, "old-appserver", "the rest is undone all the same");
}

#[test]
fn an_update_can_be_called_off_until_the_first_old_container_is_removed() {
    let mut engine = Engine::new();
    let (mut update, _) = Update::begin(engine.plan());
    let mut called_off = false;
    let outcome = loop {
        match update.next(engine.now, &engine.observed()) {
            ringdown_update::Next::Do(operation) => {
                engine.perform(&operation).expect("it works");
                update.succeeded();
            }
            ringdown_update::Next::Ended(outcome) => break outcome,
            _ => {}
        }
        engine.pass(500);
        if !called_off
            && engine.containers.iter().any(|known| known.role == Role::Softswitch && known.made_by.is_some())
        {
            called_off = update.call_off("the admin wants it").is_some();
            assert!(update.call_off("again").is_none(), "once");
        }
    };
    assert_eq!(outcome, Outcome::RolledBack { why: "the admin wants it".to_owned() });
    runs_only(&engine, 1);
}

#[test]
fn an_archive_serves_where_there_is_no_registry() {
    let mut engine = Engine::new();
    let request = Request {
        release: release(2),
        roles: [].into(),
        archive: Some("/import/0.2.0.tar".into()),
        downgrade: false,
    };
    let plan = engine.plan_for(&request).expect("there is something to update");
    let mut journal = Vec::new();
    let (_, entry) = Update::begin(plan);
    let record = ringdown_update::Record { at: engine.now, update: "u1".into(), entry };
    journal.extend(ringdown_update::write_record(&record).expect("text").into_bytes());
    assert_eq!(run(&mut engine, &mut journal, Vec::new()), Outcome::Updated);
    runs_only(&engine, 2);
}

#[test]
fn an_update_that_is_over_is_undone_with_the_images_from_before() {
    let mut engine = Engine::new();
    let done = engine.plan();
    assert_eq!(run(&mut engine, &mut Vec::new(), Vec::new()), Outcome::Updated);
    let back = ringdown_update::Plan::rollback("u2".into(), &done, &engine.observed(), Default::default());
    let back = back.expect("it can be undone");
    assert_eq!(back.version, Version::new(0, 1, 0));
    let mut journal = ringdown_update::write_record(&ringdown_update::Record {
        at: engine.now,
        update: "u2".into(),
        entry: Update::begin(back).1,
    })
    .expect("text")
    .into_bytes();
    assert_eq!(run(&mut engine, &mut journal, Vec::new()), Outcome::Updated);
    runs_only(&engine, 1);
    engine.images.retain(|image| image.version != Some(Version::new(0, 1, 0)));
    let gone = ringdown_update::Plan::rollback("u3".into(), &done, &engine.observed(), Default::default());
    assert_eq!(gone, Err(Refusal::NothingToUndo), "what u1 made is gone");
}

#[test]
fn what_must_not_be_updated_is_refused_before_anything_is_touched() {
    let engine = Engine::new();
    let ask = |release, downgrade| Request { release, roles: [].into(), archive: None, downgrade };
    assert_eq!(engine.plan_for(&ask(release(1), false)), Err(Refusal::UpToDate(Version::new(0, 1, 0))));
    assert!(matches!(engine.plan_for(&ask(release(0), false)), Err(Refusal::Downgrade { .. })));
    assert!(engine.plan_for(&ask(release(0), true)).is_ok(), "a rollback is asked for as one");
    let mut far = release(9);
    far.updates_from = Some(Version::new(0, 5, 0));
    assert!(matches!(engine.plan_for(&ask(far, false)), Err(Refusal::TooOld { .. })));
    let mut large = release(2);
    large.images.get_mut(&Role::Sounds).expect("it is there").bytes = 10_000_000;
    assert!(matches!(engine.plan_for(&ask(large, false)), Err(Refusal::NoRoom { .. })));
    let mut stopped = Engine::new();
    stopped.containers[1].state = ContainerState::Exited(137);
    assert!(matches!(stopped.plan_for(&ask(release(2), false)), Err(Refusal::NotRunning(_))));
    let mut none = Engine::new();
    none.containers.clear();
    assert_eq!(none.plan_for(&ask(release(2), false)), Err(Refusal::NothingHere));
}

#[test]
fn a_host_with_some_of_the_roles_updates_those() {
    let mut engine = Engine::new();
    engine.containers.retain(|known| matches!(known.role, Role::Softswitch | Role::Sounds));
    engine.me = None;
    let plan = engine.plan();
    assert_eq!(plan.untouched, [Role::Appserver, Role::Updater]);
    assert_eq!(run(&mut engine, &mut Vec::new(), Vec::new()), Outcome::Updated);
    assert_eq!(engine.containers.len(), 2);
    assert!(engine.backups.is_empty(), "no app server, no database");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn it_converges_however_often_it_is_killed(
        mut at in prop::collection::vec((1usize..120, 0u8..3), 0..12),
        broken in prop::option::of((0usize..4, 0usize..4)),
    ) {
        at.sort_unstable();
        let deaths = at.into_iter().map(|(at, how)| match how {
            0 => Death::Before(at),
            1 => Death::After(at),
            _ => Death::Within(at),
        });
        match broken {
            Some((role, behaviour)) => rolled_back(Role::ALL[role], BROKEN[behaviour], deaths.collect()),
            None => updated(deaths.collect()),
        };
    }
}
