//! The accounts of the very first start.

use std::{fmt::Write as _, path::Path};

use futures_util::future::try_join_all;
use ringdown_protocol::Role;
use ringdown_types::{Extension, Pii, Random as _, UserId};

use crate::{
    clock::unix_ms,
    password::Passwords,
    random::OsRandom,
    sip_device, state_file,
    store::{Account, Store},
};

/// How long telephones ring unless an account says otherwise, in seconds.
pub const DEFAULT_RING_SECONDS: u16 = 30;
/// Calls an account may have at once unless it says otherwise.
pub const DEFAULT_MAX_CALLS: u8 = 4;

const DEMO: [(&str, &str, &str); 3] =
    [("alice", "Alice Adams", "101"), ("bob", "Bob Brown", "102"), ("carol", "Carol Clark", "103")];

/// Makes the first accounts if there are none; returns the table of their passwords, which is also kept in
/// `first-run.txt`. It is shown once: only hashes are stored.
///
/// # Errors
/// When the store or the state folder fails.
pub async fn create_accounts(
    store: &Store,
    passwords: &Passwords,
    (state, realm, demo): (&Path, &str, bool),
) -> anyhow::Result<Option<String>> {
    if !store.accounts().await?.is_empty() {
        return Ok(None);
    }
    let mut rows =
        vec![["USER", "ROLE", "EXTENSION", "PASSWORD", "SIP-USER", "SIP-PASSWORD"].map(str::to_owned)];
    let people: &[(&str, &str, &str)] = if demo { &DEMO } else { &[] };
    // Hashed together: one after the other they would be most of the first start.
    let chosen: Vec<_> = (0..=people.len()).map(|_| readable_password()).collect();
    let hashes = try_join_all(chosen.iter().map(|password| passwords.hash(password))).await?;
    let mut secrets = chosen.into_iter().zip(hashes);
    for &(username, name, extension) in people {
        let (password, hash) = secrets.next().expect("one for each and one for the admin");
        let extension: Extension = extension.parse()?;
        let account =
            Account { extension: Some(extension.clone()), ..account(username, name, Role::User, hash) };
        store.create_account(&account).await?;
        let (device, sip_password) = sip_device::create(extension.as_str(), account.id, "Telephone", realm);
        store.create_device(&device).await?;
        let extension = extension.to_string();
        rows.push([username.into(), "user".into(), extension, password, device.username, sip_password]);
    }
    let (password, hash) = secrets.next().expect("one for the admin");
    store.create_account(&account("admin", "Admin", Role::Admin, hash)).await?;
    let none = || "-".to_owned();
    rows.push(["admin".into(), "admin".into(), none(), password, none(), none()]);
    let table = table(&rows);
    state_file::write(&state.join("first-run.txt"), &table)?;
    Ok(Some(table))
}

fn account(username: &str, name: &str, role: Role, password_hash: String) -> Account {
    Account {
        id: UserId::random(&mut OsRandom),
        username: Pii(username.to_owned()),
        name: Pii(name.to_owned()),
        extension: None,
        department: Pii::default(),
        photo: None,
        role,
        password_hash,
        enabled: true,
        epoch: 1,
        ring_seconds: DEFAULT_RING_SECONDS,
        max_calls: DEFAULT_MAX_CALLS,
        created_at: unix_ms(),
    }
}

/// 80 random bits in four groups, for typing off a screen.
fn readable_password() -> String {
    let letters = OsRandom.token(16);
    let groups: Vec<_> = letters.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    groups.join("-")
}

fn table(rows: &[[String; 6]]) -> String {
    let mut text = String::new();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let widths: [usize; 6] = std::array::from_fn(width);
    for row in rows {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(text, "{}", cells.join("  ").trim_end()).expect("a string grows");
    }
    text
}
