//! The company's address book.

use ringdown_protocol::Contact;
use ringdown_types::Pii;
use sqlx::{Row as _, any::AnyRow};

use super::{Store, StoreError};

impl Store {
    /// Everybody in the address book, in no order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn contacts(&self) -> Result<Vec<Contact>, StoreError> {
        let rows = sqlx::query("SELECT id, name, organisation, numbers FROM contacts");
        rows.fetch_all(&self.live).await?.iter().map(read).collect()
    }

    /// How many are in the address book.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_contacts(&self) -> Result<usize, StoreError> {
        let row = sqlx::query("SELECT COUNT(*) AS contacts FROM contacts").fetch_one(&self.live).await?;
        let count: i64 = row.try_get("contacts")?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// Whether somebody is in it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_contact(&self, id: &str) -> Result<bool, StoreError> {
        let query = sqlx::query("SELECT id FROM contacts WHERE id = $1").bind(id.to_owned());
        Ok(query.fetch_optional(&self.live).await?.is_some())
    }

    /// Takes somebody in, or replaces them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_contact(&self, contact: &Contact) -> Result<(), StoreError> {
        let numbers = serde_json::to_string(&contact.numbers).map_err(|_| StoreError::Corrupt("numbers"))?;
        sqlx::query(
            "INSERT INTO contacts (id, name, organisation, numbers) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, organisation = excluded.organisation, \
             numbers = excluded.numbers",
        )
        .bind(contact.id.clone())
        .bind(contact.name.0.clone())
        .bind(contact.organisation.0.clone())
        .bind(numbers)
        .execute(&self.live)
        .await?;
        Ok(())
    }

    /// Takes somebody out; whether they were there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_contact(&self, id: &str) -> Result<bool, StoreError> {
        let query = sqlx::query("DELETE FROM contacts WHERE id = $1").bind(id.to_owned());
        Ok(query.execute(&self.live).await?.rows_affected() == 1)
    }
}

fn read(row: &AnyRow) -> Result<Contact, StoreError> {
    let numbers: String = row.try_get("numbers")?;
    Ok(Contact {
        id: row.try_get("id")?,
        name: Pii(row.try_get("name")?),
        organisation: Pii(row.try_get("organisation")?),
        numbers: serde_json::from_str(&numbers).map_err(|_| StoreError::Corrupt("numbers"))?,
    })
}
