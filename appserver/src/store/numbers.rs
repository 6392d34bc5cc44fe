//! What numbers reach besides accounts: groups, rooms, time conditions, codes and the parking lot.

use ringdown_control::{ConferenceRoom, Feature, ParkingLot, RingGroup, TimeCondition};
use ringdown_types::Extension;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{Row as _, any::AnyRow};

use super::{Store, StoreError, accounts::taken, parsed_optional};

/// Something with a number that is kept as its JSON.
pub trait Numbered: Serialize + DeserializeOwned + Send + Sync {
    /// Its name in the store.
    const KIND: &'static str;

    /// Its id as text.
    fn id(&self) -> String;

    /// The number others dial.
    fn extension(&self) -> &Extension;
}

macro_rules! numbered {
    ($name:ident, $kind:literal) => {
        impl Numbered for $name {
            const KIND: &'static str = $kind;

            fn id(&self) -> String {
                self.id.to_string()
            }

            fn extension(&self) -> &Extension {
                &self.extension
            }
        }
    };
}

numbered!(RingGroup, "group");
numbered!(ConferenceRoom, "room");
numbered!(TimeCondition, "time-condition");

/// Which codes somebody changed, and to what; `None` switches one off.
pub type ChangedCodes = Vec<(Feature, Option<Extension>)>;

impl Store {
    /// Everything of one kind, by number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn numbers<T: Numbered>(&self) -> Result<Vec<T>, StoreError> {
        let rows = sqlx::query("SELECT definition FROM numbers WHERE kind = $1 ORDER BY extension, id");
        let rows = rows.bind(T::KIND).fetch_all(&self.live).await?;
        rows.iter().map(read_definition).collect()
    }

    /// Adds one.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another one has its number.
    pub async fn create_number<T: Numbered>(&self, number: &T) -> Result<(), StoreError> {
        let mut transaction = self.begin_directory_change().await?;
        sqlx::query("INSERT INTO numbers (id, kind, extension, definition) VALUES ($1, $2, $3, $4)")
            .bind(number.id())
            .bind(T::KIND)
            .bind(number.extension().to_string())
            .bind(write_definition(number)?)
            .execute(&mut *transaction)
            .await
            .map_err(|error| taken(error, "the number"))?;
        Ok(transaction.commit().await?)
    }

    /// Replaces one; whether it was there.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another one has its number.
    pub async fn replace_number<T: Numbered>(&self, number: &T) -> Result<bool, StoreError> {
        let mut transaction = self.begin_directory_change().await?;
        let query =
            sqlx::query("UPDATE numbers SET extension = $1, definition = $2 WHERE id = $3 AND kind = $4")
                .bind(number.extension().to_string())
                .bind(write_definition(number)?)
                .bind(number.id())
                .bind(T::KIND);
        let done = query.execute(&mut *transaction).await.map_err(|error| taken(error, "the number"))?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// Removes one; whether it was there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_number<T: Numbered>(&self, id: &str) -> Result<bool, StoreError> {
        let mut transaction = self.begin_directory_change().await?;
        let query = sqlx::query("DELETE FROM numbers WHERE id = $1 AND kind = $2");
        let query = query.bind(id.to_owned()).bind(T::KIND);
        let deleted = query.execute(&mut *transaction).await?.rows_affected() > 0;
        transaction.commit().await?;
        Ok(deleted)
    }

    /// The feature codes somebody changed. A feature of a newer version is passed over.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn changed_codes(&self) -> Result<ChangedCodes, StoreError> {
        let rows = sqlx::query("SELECT feature, code FROM feature_codes").fetch_all(&self.live).await?;
        let mut codes = Vec::new();
        for row in &rows {
            if let Some(feature) = Feature::from_name(row.try_get("feature")?) {
                codes.push((feature, parsed_optional(row, "code")?));
            }
        }
        Ok(codes)
    }

    /// Changes feature codes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn change_codes(&self, codes: &ChangedCodes) -> Result<(), StoreError> {
        let mut transaction = self.begin_directory_change().await?;
        for (feature, code) in codes {
            sqlx::query(
                "INSERT INTO feature_codes (feature, code) VALUES ($1, $2) \
                 ON CONFLICT (feature) DO UPDATE SET code = excluded.code",
            )
            .bind(feature.name())
            .bind(code.as_ref().map(ToString::to_string))
            .execute(&mut *transaction)
            .await?;
        }
        Ok(transaction.commit().await?)
    }

    /// The parking lot somebody chose: `None` where nobody did, `Some(None)` where nothing can be parked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn parking_lot(&self) -> Result<Option<Option<ParkingLot>>, StoreError> {
        let query = sqlx::query("SELECT definition FROM parking_lot WHERE id = 1");
        let Some(row) = query.fetch_optional(&self.live).await? else { return Ok(None) };
        let text: Option<String> = row.try_get("definition")?;
        let lot = text.map(|text| serde_json::from_str(&text)).transpose();
        lot.map(Some).map_err(|_| StoreError::Corrupt("definition"))
    }

    /// Changes the parking lot, or takes it away.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_parking_lot(&self, lot: Option<ParkingLot>) -> Result<(), StoreError> {
        let definition = lot.as_ref().map(write_definition).transpose()?;
        let mut transaction = self.begin_directory_change().await?;
        sqlx::query(
            "INSERT INTO parking_lot (id, definition) VALUES (1, $1) \
             ON CONFLICT (id) DO UPDATE SET definition = excluded.definition",
        )
        .bind(definition)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}

fn read_definition<T: DeserializeOwned>(row: &AnyRow) -> Result<T, StoreError> {
    let text: String = row.try_get("definition")?;
    serde_json::from_str(&text).map_err(|_| StoreError::Corrupt("definition"))
}

fn write_definition<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Corrupt("definition"))
}
