//! A directory of 50,000 users is compiled while calls go on, and a look-up in it costs what it costs in a small one.

mod support;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    hint::black_box,
};

use ringdown_control::DirectorySnapshot;
use ringdown_dialplan::{Decision, Dialplan};
use ringdown_types::{GroupId, UserId};
use support::{NOON, directory, extension, user};

thread_local! {
    /// What this thread allocated: how often.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

#[allow(unsafe_code, reason = "an allocator that counts")]
// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that ends may allocate after its counter is gone.
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps `alloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps `dealloc`'s contract.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Beside the small company 50,000 users, 10000 to 59999, and 2,000 groups of ten, 60000 to 61999.
fn large() -> DirectorySnapshot {
    let mut directory = directory();
    for number in 10_000..60_000_u32 {
        directory.users.push(user(UserId::from_u128(number.into()), &number.to_string(), true));
    }
    let group = directory.groups[0].clone();
    for number in 60_000..62_000_u32 {
        let mut group = group.clone();
        group.id = GroupId::from_u128(number.into());
        group.extension = extension(&number.to_string());
        group.members = (0..10).map(|index| UserId::from_u128((number - 50_000 + index).into())).collect();
        directory.groups.push(group);
    }
    directory
}

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.with(Cell::get);
    work();
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn compiling_allocates_for_the_tables_and_not_for_each_user() {
    let directory = large();
    let mut plan = None;
    let count = allocations(|| plan = Dialplan::compile(&directory).ok());
    let plan = plan.expect("it is sound");
    assert_eq!(
        plan.route("59999", UserId::from_u128(10_000), NOON),
        Decision::User { user: UserId::from_u128(59_999) }
    );
    // Two thousand groups check their members in a set each.
    assert!(count < 12_000, "{count} allocations for 52,000 numbers");
}

#[test]
fn a_look_up_allocates_nothing() {
    let plan = Dialplan::compile(&large()).expect("it is sound");
    let caller = UserId::from_u128(10_000);
    for dialled in ["59999", "5 99-99", "61999", "*43", "*8059999", "*98101", "999999", "701", "400"] {
        let count = allocations(|| {
            black_box(plan.route(black_box(dialled), caller, NOON));
        });
        assert_eq!(count, 0, "{dialled}");
    }
    // A code that sets a number keeps that number.
    let count = allocations(|| {
        black_box(plan.route("*7259999", caller, NOON));
    });
    assert!(count <= 2, "{count} allocations");
}
