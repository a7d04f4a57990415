//! Saves the data in an RDB file while requests go on.

use super::Host;
use crate::log::{self, Error, rdb};
use std::path::Path;
use std::sync::Arc;

/// The name that Redis gives the file.
const NAME: &str = "dump.rdb";

impl Host {
    /// Saves the data in a folder whenever a client asks for it, for as long as it is polled.
    pub async fn save_when_asked(self: Arc<Self>, folder: Arc<Path>) {
        loop {
            self.save_wanted.notified().await;
            let (host, folder) = (self.clone(), folder.clone());
            // What a client asked for is answered there, however it ends; nothing is left to be done here.
            if let Err(error) = tokio::task::spawn_blocking(move || host.save_in(&folder)).await {
                tracing::error!("the thread that saves has broken off: {error}");
            }
        }
    }

    fn save_in(&self, folder: &Path) {
        let result = self.write(&folder.join(NAME)).map_err(|error| error.to_string());
        match &result {
            Ok(()) => tracing::info!("saved the data in {}", folder.join(NAME).display()),
            Err(reason) => tracing::error!("failed to {reason}"),
        }
        self.turn().end_save(result);
    }

    /// The engine is held for one piece at a time.
    fn write(&self, path: &Path) -> Result<(), Error> {
        log::create_folder_of(path)?;
        let begun = self.turn().begin_save();
        let Some(mut save) = begun else {
            unreachable!("a save is asked for only while there is none");
        };
        rdb::put(path, |draft| rdb::write(draft, &mut save, |save, piece, len| self.turn().save(save, piece, len)))
    }
}
