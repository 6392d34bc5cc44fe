//! People's pictures: files of theirs that everybody may see.

use ringdown_types::{FileId, UserId};

use crate::{
    directory::DirectoryHandle,
    files::{Files, is_picture},
    problem::Refusal,
    store::{FileRow, Readers, Store},
};

/// The largest picture: everybody's are shown in one list. A client scales it down before it sends it.
const MAX_PHOTO_BYTES: u64 = 512 * 1024;

/// Where pictures are.
#[derive(Debug, Clone)]
pub struct Photos {
    /// Whose they are.
    pub store: Store,
    /// Their bytes.
    pub files: Files,
    /// Tells everybody.
    pub directory: DirectoryHandle,
}

impl Photos {
    /// Makes an unused file of `owner` the picture of `user`.
    ///
    /// # Errors
    /// When it is no such file, no picture, too large, or there is no such account.
    pub async fn set(&self, user: UserId, (owner, file): (UserId, FileId)) -> Result<(), Refusal> {
        if self.store.account(user).await?.is_none() {
            return Err(Refusal::NotFound("account"));
        }
        let own = |file: &FileRow| file.owner == owner && file.readers == Readers::Nobody;
        let file = self.store.file(file).await?.filter(own).ok_or(Refusal::NotFound("file"))?;
        if !is_picture(&file.media_type) || file.size > MAX_PHOTO_BYTES {
            return Err(Refusal::bad_request("a photo is a JPEG, PNG, GIF or WebP file of at most 512 KiB"));
        }
        if !self.store.give_file(file.id, owner, Readers::Everybody).await? {
            return Err(Refusal::NotFound("file"));
        }
        let changed = self.change(user, Some(file.id)).await;
        if changed.is_err() {
            // The account went meanwhile: nobody else would ever delete it.
            self.files.delete(&file).await?;
        }
        changed
    }

    /// Takes somebody's picture away.
    ///
    /// # Errors
    /// When there is no such account.
    pub async fn clear(&self, user: UserId) -> Result<(), Refusal> {
        self.change(user, None).await
    }

    /// The picture before is deleted: nobody is shown its address any more.
    async fn change(&self, user: UserId, photo: Option<FileId>) -> Result<(), Refusal> {
        let before = self.store.set_photo(user, photo.map(|id| id.to_string()).as_deref()).await?;
        let before = before.ok_or(Refusal::NotFound("account"))?;
        self.directory.changed().await;
        if let Some(id) = before.and_then(|id| id.parse().ok())
            && let Some(file) = self.store.file(id).await?
        {
            self.files.delete(&file).await?;
        }
        Ok(())
    }
}
