//! Brings mail to mailboxes: by LMTP where the way is known, else by CreateItem.

use std::time::Instant;

use crate::error::Result;
use crate::http::Client;
use crate::lmtp::Session;
use crate::soap;
use crate::target::{Account, Target};

/// Who brings it.
pub enum Post {
    Lmtp(Session),
    Items(Client),
}

impl Post {
    /// By LMTP, if the server takes mail.
    pub fn open(target: &Target) -> Result<Post> {
        if target.takes_mail() { Ok(Post::Lmtp(target.mail()?)) } else { Post::items(target) }
    }

    /// By CreateItem, into the inbox.
    pub fn items(target: &Target) -> Result<Post> {
        Ok(Post::Items(target.connect()?))
    }

    /// All ways that there are, each to be opened when it is used: a server waits for nobody who says nothing.
    pub fn ways(target: &Target) -> Vec<fn(&Target) -> Result<Post>> {
        if target.takes_mail() { vec![Post::open, Post::items] } else { vec![Post::items] }
    }

    /// For tables, and for names of figures.
    pub fn name(&self) -> &'static str {
        match self {
            Post::Lmtp(_) => "lmtp",
            Post::Items(_) => "create_item",
        }
    }

    /// A short message; the moment at which the 250, or the reply, was here.
    pub fn bring(&mut self, account: &Account, subject: &str) -> Result<Instant> {
        match self {
            Post::Lmtp(session) => session.deliver(&account.address, subject)?,
            Post::Items(client) => client.call(&account.request("", &soap::create_in_inbox(subject)))?.check()?,
        }
        Ok(Instant::now())
    }
}
